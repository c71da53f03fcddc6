// Elements, canvases and words that the other modules share.

/** An element with properties, data- and aria- attributes, and children. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) made.style.setProperty(name, value);
    else if (name in made && !name.includes("-")) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

/** The words for the parties that a run has. */
const TITLES = {
  "device-0": "Sender", "device-1": "Recipient", "provider": "Provider", "enclave": "Enclave", "network": "Network",
  "reviewer": "Reviewer", "report-authority": "Report authority", "list-authority": "List authority",
  "law-enforcement": "Law enforcement", "judge-0": "Judges", "log": "Public log", "auditor": "Auditor",
};

export const title = (party) => TITLES[party] ?? party;

const grouped = new Intl.NumberFormat("en", { useGrouping: true });

export const count = (number) => grouped.format(number).replaceAll(",", "\u202f");

/** A length with three digits or fewer. */
export function length(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const [scaled, unit] = bytes < 1e6 ? [bytes / 1e3, "kB"] : [bytes / 1e6, "MB"];
  return `${scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${unit}`;
}

export const seconds = (value) => `${value.toFixed(3)} s`;

/** Hexadecimal digits in groups of eight. */
export const hex = (digits, more) => digits.replace(/(.{8})(?=.)/g, "$1 ") + (more ? " …" : "");

const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** A canvas of side × side grey samples. */
function grey(samples, side, label) {
  const canvas = element("canvas", { width: side, height: side, role: "img", "aria-label": label });
  const context = canvas.getContext("2d");
  const image = context.createImageData(side, side);
  for (let at = 0; at < side * side; at += 1) {
    image.data.set([samples[at] ?? 0, samples[at] ?? 0, samples[at] ?? 0, 255], 4 * at);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

export const rebuilt = (base64, label) => grey(bytes(base64), 64, label);

export const noise = (base64) => grey(bytes(base64), 32, "Some of its ciphertext, a grey dot for each byte");

/** A hash as 16 × 16 squares. */
export function bits(digits) {
  const samples = [...digits].flatMap((digit) => [8, 4, 2, 1].map((bit) => (parseInt(digit, 16) & bit ? 30 : 235)));
  return grey(samples, 16, "The 256 bits of the perceptual hash");
}

export const picture = (id) => element("img", { src: `/pictures/${id}`, alt: "The picture", loading: "eager" });
