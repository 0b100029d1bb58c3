// The page of a verdict: its heatmap is faded in and out.
import "./times.js";

document.documentElement.classList.add("js");
document.addEventListener("input", ({ target }) => {
  if (target.id === "strength") document.querySelector("#heat").setAttribute("opacity", target.value / 100);
});
