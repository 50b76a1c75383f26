// A part of the app that is loaded when it is needed.
import { Unreachable } from "@kit/api/send";
import { anew } from "@kit/parts";
import { type ComponentType, lazy } from "react";
import { Problem } from "../ui/parts";

// biome-ignore lint/suspicious/noExplicitAny: each has properties of its own
export const part = <Props,>(load: () => Promise<{ default: ComponentType<any> }>) =>
  lazy(() => load().catch(notLoaded)) as unknown as ComponentType<Props>;

// It does not come: the server has newer ones, or cannot be reached.
function notLoaded(): Promise<{ default: ComponentType }> {
  if (navigator.onLine && anew()) return new Promise(() => undefined);
  return Promise.resolve({
    default: () => <Problem error={new Unreachable()} retry={() => location.reload()} />,
  });
}
