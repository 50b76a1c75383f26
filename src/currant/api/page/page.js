"use strict";
// Renders /api/v1/openapi.json. Text from the description only ever becomes text, never markup.

const METHODS = ["get", "post", "put", "patch", "delete"];
const DEPTH_MAX = 6;
let description;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

// Paragraphs, `code` and **strong**: the little of Markdown that descriptions use.
function prose(text) {
  return (text || "").split(/\n\s*\n/).map((paragraph) =>
    make("p", {}, paragraph.split(/(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*)/).map((part) => {
      if (part.startsWith("`")) return make("code", {}, part.slice(1, -1));
      if (part.startsWith("**")) return make("strong", {}, part.slice(2, -2));
      if (part.startsWith("*") && part.length > 2) return make("em", {}, part.slice(1, -1));
      return part;
    })));
}

function resolve(value) {
  let found = value;
  for (let steps = 0; found && found.$ref && steps < 10; steps += 1) {
    found = found.$ref.slice(2).split("/").reduce((place, name) => place && place[name], description);
  }
  return found || {};
}

function nameOf(schema) {
  return schema.$ref ? schema.$ref.split("/").pop() : "";
}

function typeOf(schema) {
  if (schema.$ref) {
    const target = resolve(schema);
    return target.enum ? target.enum.map((each) => JSON.stringify(each)).join(" | ") : nameOf(schema);
  }
  const choices = schema.anyOf || schema.oneOf;
  if (choices) return choices.map(typeOf).join(" | ");
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (schema.type === "array") return `${schema.items ? typeOf(schema.items) : "any"}[]`;
  const words = [Array.isArray(schema.type) ? schema.type.join(" | ") : schema.type || "any"];
  if (schema.format) words.push(`(${schema.format})`);
  const low = schema.minimum ?? schema.minLength, high = schema.maximum ?? schema.maxLength;
  if (low !== undefined || high !== undefined) words.push(`${low ?? ""}…${high ?? ""}`);
  return words.join(" ");
}

// The objects a field may hold, to be shown below it.
function objectsIn(schema) {
  const target = resolve(schema);
  if (target.properties) return [target];
  const within = target.anyOf || target.oneOf || (target.items ? [target.items] : []);
  return within.flatMap((each) => (each === schema ? [] : objectsIn(each)));
}

function fields(schema, depth = 0) {
  const required = new Set(schema.required || []);
  return make("table", {}, make("tbody", {}, Object.entries(schema.properties || {}).map(([name, field]) => {
    const inner = depth < DEPTH_MAX ? objectsIn(field) : [];
    const known = field.default === undefined || field.default === null ? "" : ` Default: ${JSON.stringify(field.default)}.`;
    return make("tr", {},
      make("td", {}, make("code", { class: required.has(name) ? "needed" : "" }, name)),
      make("td", {},
        make("span", { class: "type" }, typeOf(field)),
        field.description || known ? make("div", {}, `${field.description || ""}${known}`) : null,
        inner.map((each) => {
          const holder = make("details", { class: "nested" }, make("summary", {}, each.title || "fields"));
          holder.addEventListener("toggle", () => {
            if (holder.open && holder.children.length === 1) holder.append(fields(each, depth + 1));
          });
          return holder;
        })));
  })));
}

function exampleOf(schema, depth = 0) {
  const target = resolve(schema);
  if (target.examples) return target.examples[0];
  if (target.default !== undefined) return target.default;
  if (target.const !== undefined) return target.const;
  if (target.enum) return target.enum[0];
  const choices = target.anyOf || target.oneOf;
  if (choices) return exampleOf(choices[0], depth);
  if (target.type === "array") return target.items && depth < 3 ? [exampleOf(target.items, depth + 1)] : [];
  if (target.properties) {
    const all = depth > 0 && target.required ? target.required : Object.keys(target.properties);
    return Object.fromEntries(all.map((name) => [name, depth < 4 ? exampleOf(target.properties[name], depth + 1) : null]));
  }
  if (target.format === "date-time") return "2026-01-31T12:00:00Z";
  return { string: "", integer: 0, number: 0, boolean: false }[target.type] ?? null;
}

function content(holder, title) {
  const entries = Object.entries((holder && holder.content) || {});
  return entries.map(([kind, { schema }]) => {
    if (kind !== "application/json" || schema.type === "string") return make("p", {}, `${title}: `, make("code", {}, kind));
    const target = resolve(schema);
    const shapes = objectsIn(schema);
    return [
      make("h3", {}, `${title} `, make("span", { class: "type" }, typeOf(schema))),
      target.description ? make("p", { class: "quiet" }, target.description) : null,
      shapes.map((shape) => [shapes.length > 1 ? make("h3", {}, shape.title) : null, fields(shape)]),
      make("details", {}, make("summary", {}, "Example"), make("pre", {}, JSON.stringify(exampleOf(schema), null, 2))),
    ];
  });
}

function tryIt(path, method, operation) {
  const parameters = (operation.parameters || []).map(resolve);
  const inputs = parameters.map((parameter) => [parameter, make("input", { autocomplete: "off", spellcheck: "false" })]);
  const kinds = Object.keys((operation.requestBody || {}).content || {});
  const body = kinds.length ? make("textarea", { "aria-label": "Body", spellcheck: "false" }) : null;
  if (body && kinds.includes("application/json")) {
    const example = exampleOf(operation.requestBody.content["application/json"].schema);
    body.value = typeof example === "string" ? example : JSON.stringify(example, null, 2);
  }
  const answer = make("pre", { "aria-live": "polite", hidden: true });
  async function send() {
    const headers = {}, query = new URLSearchParams();
    let address = path;
    for (const [parameter, input] of inputs) {
      if (parameter.in === "path") address = address.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (!input.value) continue;
      else if (parameter.in === "query") query.set(parameter.name, input.value);
      else headers[parameter.name] = input.value;
    }
    const key = document.getElementById("key").value.trim();
    if (key) headers.Authorization = `Bearer ${key}`;
    const csrf = document.cookie.split("; ").find((cookie) => cookie.startsWith("currant_csrf="));
    if (csrf) headers["X-CSRF-Token"] = csrf.split("=").slice(1).join("=");
    if (body) headers["Content-Type"] = kinds.includes("application/json") ? "application/json" : kinds[0];
    answer.hidden = false;
    answer.textContent = "…";
    try {
      const options = { method: method.toUpperCase(), headers, credentials: key ? "omit" : "same-origin" };
      if (body) options.body = body.value;
      const response = await fetch(query.size ? `${address}?${query}` : address, options);
      let text = await response.text();
      try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: shown as it is */ }
      answer.textContent = `${response.status} ${response.statusText}\n\n${text.slice(0, 200000)}`;
    } catch (error) {
      answer.textContent = String(error);
    }
  }
  const endless = JSON.stringify(operation.responses).includes("text/event-stream");
  if (endless) return make("p", { class: "quiet" }, "A stream: follow it with an EventSource or curl -N.");
  return make("details", { class: "try" }, make("summary", {}, "Try it"),
    make("div", { class: "row" }, inputs.map(([parameter, input]) => make("label", {}, parameter.name, input))),
    body, make("div", { class: "row" }, make("button", { type: "button", onclick: send }, "Send")), answer);
}

function operationOf(path, method, operation) {
  const holder = make("details", { class: "operation", id: operation.operationId },
    make("summary", {},
      make("span", { class: `method ${method}` }, method.toUpperCase()),
      make("span", { class: "path" }, path),
      make("span", { class: "summary" }, operation.summary)));
  holder.addEventListener("toggle", () => {
    if (!holder.open || holder.children.length > 1) return;
    const parameters = (operation.parameters || []).map(resolve);
    const [status, success] = Object.entries(operation.responses)[0];
    holder.append(make("div", { class: "inside" },
      prose(operation.description),
      operation["x-permission"] ? make("span", { class: "permission" }, operation["x-permission"]) : null,
      parameters.length ? [make("h3", {}, "Parameters"), make("table", {}, make("tbody", {}, parameters.map((parameter) =>
        make("tr", {},
          make("td", {}, make("code", { class: parameter.required ? "needed" : "" }, parameter.name), ` ${parameter.in}`),
          make("td", {}, make("span", { class: "type" }, typeOf(parameter.schema)),
            parameter.description ? make("div", {}, parameter.description) : null)))))] : null,
      content(operation.requestBody, "Body"),
      content(resolve(success), `Answer ${status}`),
      tryIt(path, method, operation)));
  });
  return holder;
}

function show() {
  const main = document.getElementById("main"), toc = document.getElementById("toc");
  document.getElementById("version").textContent = description.info.version;
  main.replaceChildren(make("h2", {}, "Currant API"), ...prose(description.info.description));
  const byTag = new Map(description.tags.map((tag) => [tag.name, { tag, operations: [] }]));
  for (const [path, item] of Object.entries(description.paths)) {
    for (const method of METHODS.filter((each) => item[each])) {
      const operation = item[method];
      const name = (operation.tags || ["Other"])[0];
      if (!byTag.has(name)) byTag.set(name, { tag: { name }, operations: [] });
      byTag.get(name).operations.push([path, method, operation]);
    }
  }
  for (const { tag, operations } of byTag.values()) {
    if (!operations.length) continue;
    main.append(make("section", {}, make("h2", {}, tag.name), make("p", { class: "quiet" }, tag.description || ""),
      operations.map(([path, method, operation]) => operationOf(path, method, operation))));
    toc.append(make("div", { class: "group" }, make("h2", {}, tag.name), operations.map(([path, method, operation]) =>
      make("a", { href: `#${operation.operationId}`, title: `${method.toUpperCase()} ${path}`, "data-words":
        `${path} ${operation.summary} ${operation.operationId}`.toLowerCase() }, operation.summary))));
  }
  openNamed();
}

function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named && named.tagName === "DETAILS") {
    named.open = true;
    named.scrollIntoView();
  }
}

const search = document.getElementById("search");
search.addEventListener("input", () => {
  const wanted = search.value.toLowerCase();
  for (const group of document.querySelectorAll("#toc .group")) {
    let any = false;
    for (const link of group.querySelectorAll("a")) {
      link.hidden = !link.dataset.words.includes(wanted);
      any ||= !link.hidden;
    }
    group.hidden = !any;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) {
    event.preventDefault();
    search.focus();
  }
});
window.addEventListener("hashchange", openNamed);
fetch("/api/v1/openapi.json").then((response) => response.json()).then((found) => {
  description = found;
  show();
}).catch((error) => {
  document.getElementById("loading").textContent = `The description could not be loaded: ${error}`;
});
