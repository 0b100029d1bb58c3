"""The ground floor: words, settings, errors, storage, sources, task queue. Imports none of ours."""
