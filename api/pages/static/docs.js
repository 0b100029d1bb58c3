// Draws the OpenAPI document by Swagger UI, in the colours that the system is set to.
const place = document.querySelector("#docs");
place.lang = "en"; // Swagger UI speaks nothing else
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

follow();
dark.addEventListener("change", follow);
SwaggerUIBundle({
  url: place.dataset.url,
  domNode: place,
  deepLinking: true,
  validatorUrl: null, // it would send the document to another site
});
