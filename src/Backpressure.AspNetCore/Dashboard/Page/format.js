// How things are written, and how elements are made. Text only: nothing that comes from the server is ever read as HTML.
const PRIORITIES = ["critical", "high", "normal", "low"];
const PRIORITY_NAMES = { critical: "Critical", high: "High", normal: "Normal", low: "Low" };

const $ = id => document.getElementById(id);

function make(tag, text, attributes) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) {
    element.textContent = text;
  }

  for (const [name, value] of Object.entries(attributes ?? {})) {
    element.setAttribute(name, value);
  }

  return element;
}

// Setting equal text again would make screen readers and browsers work for nothing.
function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const TENTH = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const THREE = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const MINUTE = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

const whole = n => WHOLE.format(n);
const rate = n => (n >= 10 ? WHOLE : TENTH).format(n);
const reading = n => n === null ? "–" : THREE.format(n);
const percent = n => `${n > 0 && n < 0.01 ? "<1" : n < 1 && n > 0.99 ? ">99" : WHOLE.format(100 * n)} %`;
const milliseconds = n => n < 0.5 ? "–" : n < 1000 ? `${WHOLE.format(n)} ms` : `${TENTH.format(n / 1000)} s`;
const clock = at => CLOCK.format(at);

function moment(at, now) {
  return now - at < 12 * 3600e3 ? MINUTE.format(at) : `${DAY.format(at)}, ${MINUTE.format(at)}`;
}

function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const sum = numbers => numbers.reduce((total, n) => total + (n ?? 0), 0);

// A gate that only observes serves and refuses nobody by itself: it says what would be.
const WORDS = { served: "would be served", refused: "would be refused", Served: "Would be served", Refused: "Would be refused" };
const worded = (text, observed) => observed ? text.replace(/\b(served|refused)\b/gi, word => WORDS[word]) : text;

function byName(fields, row) {
  const named = {};
  fields.forEach((field, i) => named[field] = row[i] ?? null);
  return named;
}
