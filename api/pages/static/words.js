// What scripts say, in the language of the page: the server wrote the words into it.
const words = JSON.parse(document.body.dataset.words ?? "{}");
const page = document.documentElement.lang;
const plural = new Intl.PluralRules(page);

// The reader's own way to write numbers and times, where it is one of the page's language.
export const locale = navigator.languages.find((own) => language(own) === language(page)) ?? page;

export function say(name, values = {}) {
  return fill(words[name], values);
}

export function sayCount(name, count) {
  return fill(words[name][plural.select(count)], { count: count.toLocaleString(locale) });
}

// What the API says is English, whatever the page speaks.
export function tell(element, sentence, { isEnglish = false } = {}) {
  element.textContent = sentence;
  element.hidden = !sentence;
  if (isEnglish) element.lang = "en";
  else element.removeAttribute("lang");
}

function language(tag) {
  return tag.split("-")[0].toLowerCase();
}

function fill(sentence, values) {
  return sentence.replace(/%\((\w+)\)s|%%/g, (found, name) => (name ? values[name] : "%"));
}
