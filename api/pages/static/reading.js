// What the server is asked for while a page is open: JSON, or a part of a page.

export async function readJson(url) {
  return (await read(url, "application/json")).json();
}

export async function readPart(url) {
  const response = await read(url, "text/html");
  return new DOMParser().parseFromString(await response.text(), "text/html").body.firstElementChild;
}

async function read(url, accepted) {
  const response = await fetch(url, { headers: { Accept: accepted } });
  // Signed out meanwhile: loaded again, the page leads to the form, and from there back.
  if (response.status === 401 || response.redirected) location.reload();
  if (!response.ok || response.redirected) {
    throw Object.assign(new Error(`${url} answered ${response.status}`), { status: response.status });
  }
  return response;
}
