// Forms from the API's own description: which fields a command has, of what sort, and whether all of it is said.

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: (string | number | null)[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema | boolean;
  properties?: Record<string, Schema>;
  required?: string[];
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
}
export type Schemas = Record<string, Schema>;

export type Sort =
  | "text"
  | "number"
  | "integer"
  | "yes_no"
  | "choice"
  | "time"
  | "list"
  | "words"
  | "numbers"
  | "group"
  | "json";

export interface Field {
  name: string;
  sort: Sort;
  required: boolean;
  choices?: string[];
  // Of a group, or of each entry of a list.
  inner?: Schema;
  doc?: string;
  schema: Schema;
}

// The schema behind a reference, and of "this or nothing" the this.
export function resolved(schema: Schema, schemas: Schemas): Schema {
  if (schema.$ref) {
    const found = schemas[schema.$ref.split("/").pop() ?? ""] ?? {};
    return resolved(
      { ...found, ...(schema.description ? { description: schema.description } : {}) },
      schemas,
    );
  }
  const ways = schema.anyOf ?? schema.oneOf;
  if (ways) {
    const real = ways.filter(
      (way) => way.type !== "null" && !(way.enum?.length === 1 && way.enum[0] === null),
    );
    if (real.length === 1 && real[0])
      return {
        ...resolved(real[0], schemas),
        ...(schema.description ? { description: schema.description } : {}),
      };
  }
  return schema;
}

const typeOf = (schema: Schema): string | undefined =>
  Array.isArray(schema.type) ? schema.type.find((each) => each !== "null") : schema.type;

function sortOf(schema: Schema, schemas: Schemas): Sort {
  if (schema.enum) return "choice";
  const type = typeOf(schema);
  if (type === "boolean") return "yes_no";
  if (type === "integer") return "integer";
  if (type === "number") return "number";
  if (type === "string") return schema.format === "date-time" ? "time" : "text";
  if (type === "array" && schema.items && typeof schema.items === "object") {
    const inner = resolved(schema.items, schemas);
    if (inner.properties) return "list";
    const kind = typeOf(inner);
    if (kind === "integer" || kind === "number") return "numbers";
    if (kind === "string") return "words";
    return "json";
  }
  if (schema.properties) return "group";
  return "json";
}

export function fieldsOf(schema: Schema, schemas: Schemas): Field[] {
  const whole = resolved(schema, schemas);
  const required = new Set(whole.required ?? []);
  return Object.entries(whole.properties ?? {})
    .filter(([name]) => name !== "command")
    .map(([name, raw]) => {
      const one = resolved(raw, schemas);
      const sort = sortOf(one, schemas);
      return {
        name,
        sort,
        required: required.has(name),
        choices: one.enum?.filter((each) => each !== null).map(String),
        inner: sort === "list" ? resolved(one.items as Schema, schemas) : sort === "group" ? one : undefined,
        doc: raw.description,
        schema: one,
      };
    });
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

// Names of required fields that are not filled in, with the way to them.
export function missing(schema: Schema, schemas: Schemas, value: Record<string, unknown>, at = ""): string[] {
  return fieldsOf(schema, schemas).flatMap((field) => {
    const here = at ? `${at}.${field.name}` : field.name;
    const held = value[field.name];
    if (isEmpty(held)) return field.required ? [here] : [];
    if (field.sort === "group" && field.inner)
      return missing(field.inner, schemas, held as Record<string, unknown>, here);
    if (field.sort === "list" && field.inner)
      return (held as Record<string, unknown>[]).flatMap((each, place) =>
        missing(field.inner!, schemas, each, `${here}.${place + 1}`),
      );
    return [];
  });
}

// Without what was left empty: the server's own defaults hold then.
export function cleaned<T>(value: T): T {
  if (Array.isArray(value)) return value.map(cleaned) as T;
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value as Record<string, unknown>)
    .filter(([, held]) => !isEmpty(held))
    .map(([name, held]) => [name, cleaned(held)]);
  return Object.fromEntries(kept) as T;
}

export const readable = (name: string): string => name.replaceAll("_", " ");
