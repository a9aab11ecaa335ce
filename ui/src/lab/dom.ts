// Elements out of script: the page's policy takes no markup with styles in it, and what a learner types must stay text.
type Child = Node | string | null | undefined | false;
type Props = Record<string, unknown>;

// h makes an element; "on…" listens, "class" and attributes are set, true is an empty attribute and false none.
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  dress(el, props);
  el.append(...children.filter((c): c is Node | string => c !== null && c !== undefined && c !== false));
  return el;
}

// s makes an element of a drawing.
export function s(tag: string, props: Props = {}, ...children: Node[]): SVGElement {
  const el = document.createElementNS("http://www.w3.org/2000/svg", tag);
  dress(el, props);
  el.append(...children);
  return el;
}

function dress(el: Element, props: Props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === undefined || value === null) continue;
    if (typeof value === "function") el.addEventListener(name.slice(2), value as EventListener);
    else el.setAttribute(name, value === true ? "" : String(value));
  }
}

// button is one that a finger finds.
export function button(text: string | Node, press: () => void, props: Props = {}): HTMLButtonElement {
  return h("button", { type: "button", class: "btn", onclick: press, ...props }, text);
}

// share is a bar from 0 to 1 with a word before and a figure behind it; colour never speaks alone.
export function share(label: Node | string, part: number, figure: string, strong = false): HTMLElement {
  const fill = h("span", { class: "lab-bar-fill" });
  fill.style.inlineSize = `${Math.round(part * 1000) / 10}%`;
  return h("li", { class: strong ? "lab-bar lab-bar-strong" : "lab-bar" }, h("span", { class: "lab-bar-name" }, label), h("span", { class: "lab-bar-track", "aria-hidden": "true" }, fill), h("span", { class: "lab-bar-figure" }, figure));
}
