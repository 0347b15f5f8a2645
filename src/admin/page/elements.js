// Builds the document's elements. Text goes in as text only: nothing here parses markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

/** An HTML element with attributes and children; what is null or false is left out. */
export function h(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children.flat());
}

/** The same in SVG. */
export function svg(tag, attributes, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children.flat());
}

/** Fills a table, or says why there is none: without rows it is no table. */
export function fillTable(table, name, heads, rows, none) {
  const columns = heads.map((head) => h("span", { role: "columnheader" }, head));
  const attributes = rows.length ? { role: "table", "aria-label": name } : {};
  for (const attribute of ["role", "aria-label"]) {
    if (attributes[attribute]) table.setAttribute(attribute, attributes[attribute]);
    else table.removeAttribute(attribute);
  }
  table.replaceChildren(...(rows.length ? [h("div", { role: "row", class: "heads" }, columns), ...rows] : [h("p", { class: "empty" }, none)]));
}

/** Sets a text, and touches nothing if it is that already. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Puts text on the clipboard, by the old way where the new one is closed: plain HTTP beyond localhost. */
export async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not allowed here; the old way may be.
    }
  }
  const field = h("textarea", { class: "unseen", readonly: true });
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}
