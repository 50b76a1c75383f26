declare module "virtual:words/console" {
  import type { Words } from "@kit/i18n";
  export const languages: Words["languages"];
  export const load: Words["load"];
}
declare module "virtual:words/driver" {
  import type { Words } from "@kit/i18n";
  export const languages: Words["languages"];
  export const load: Words["load"];
}
