// What stands on the map for a place or several: a ring in the colours of its states, the number, and the worst.
import { STATE_COLOURS, type State } from "../branding";
import { type Cluster, inOrder, worstOf } from "./clusters";
import classes from "./map.module.css";
import type { Scheme } from "./style";

const SVG = "http://www.w3.org/2000/svg";
const ROUND = 2 * Math.PI * 15;
// Beside its colour a worrying state has a sign.
const SIGNS: Partial<Record<State, string>> = { faulted: "!", offline: "×", pending: "?" };

export interface Told {
  scheme: Scheme;
  // The name for who cannot see it.
  label: string;
  // What is written beneath: the name of a single place.
  caption: string;
  selected: boolean;
  number: (value: number) => string;
}

// What a marker looks like; the same text, the same look.
export const lookOf = (cluster: Cluster, told: Told): string =>
  `${inOrder(cluster.states)}|${told.scheme}|${told.label}|${told.caption}|${told.selected}`;

function arc(colour: string, from: number, share: number): SVGCircleElement {
  const circle = document.createElementNS(SVG, "circle");
  circle.setAttribute("cx", "20");
  circle.setAttribute("cy", "20");
  circle.setAttribute("r", "15");
  circle.setAttribute("fill", "none");
  circle.setAttribute("stroke", colour);
  circle.setAttribute("stroke-width", "6");
  circle.setAttribute("stroke-dasharray", `${share * ROUND} ${ROUND}`);
  circle.setAttribute("stroke-dashoffset", `${-from * ROUND}`);
  circle.setAttribute("transform", "rotate(-90 20 20)");
  return circle;
}

function ring(cluster: Cluster, scheme: Scheme): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 40 40");
  svg.setAttribute("aria-hidden", "true");
  let from = 0;
  for (const [state, count] of inOrder(cluster.states)) {
    const share = count / cluster.total;
    svg.append(arc(STATE_COLOURS[state][scheme], from, share));
    from += share;
  }
  if (cluster.total === 0) svg.append(arc(STATE_COLOURS.unknown[scheme], 0, 1));
  return svg;
}

// Written by the style sheet: the button's own name says all of it, and in whole words.
const span = (className: string | undefined, text: string): HTMLSpanElement => {
  const element = document.createElement("span");
  element.className = `${classes.said} ${className ?? ""}`;
  element.dataset.text = text;
  return element;
};

// Draw it into its button, anew.
export function drawMarker(button: HTMLButtonElement, cluster: Cluster, told: Told): void {
  const single = cluster.places.length === 1;
  const worst = worstOf(cluster.states);
  button.className = [classes.marker, single && classes.single, told.selected && classes.selected]
    .filter(Boolean)
    .join(" ");
  button.type = "button";
  button.setAttribute("aria-label", told.label);
  button.title = told.label;
  if (worst) button.dataset.worst = worst;
  else delete button.dataset.worst;
  button.dataset.total = String(cluster.total);
  const parts: Node[] = [ring(cluster, told.scheme), span(classes.count, told.number(cluster.total))];
  if (worst) {
    const badge = span(classes.worst, `${SIGNS[worst]}${told.number(cluster.states[worst] ?? 0)}`);
    badge.style.background = STATE_COLOURS[worst][told.scheme];
    parts.push(badge);
  }
  if (told.caption) {
    const caption = span(classes.caption, told.caption);
    caption.dir = "auto";
    parts.push(caption);
  }
  button.replaceChildren(...parts);
}
