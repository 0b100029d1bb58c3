"""The ground floor: words, settings, errors, storage, sources, the task queue. Imports none of ours."""
