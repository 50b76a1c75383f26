export { CommandForm } from "./CommandForm";
export {
  COMMANDS,
  type CommandDraft,
  type CommandName,
  type CommandRecord,
  commandNames,
  draftOf,
} from "./catalogue";
export { give, useMissing } from "./give";
export { cleaned } from "./schema";
