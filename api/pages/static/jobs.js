// The form of the page of jobs: back from a refusal, it holds what was written, and is seen.
addEventListener("pageshow", () => {
  const form = document.querySelector(".new-job");
  const written = form.querySelectorAll("input:not([type=hidden], [type=checkbox])");
  form.open ||= [...written].some(({ value }) => value);
});
