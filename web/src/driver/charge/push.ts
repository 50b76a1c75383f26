// Messages to this browser: the browser's subscription, told to the server.
import { tell } from "../app/api";

export const canPush = () =>
  "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;

async function current(): Promise<PushSubscription | null> {
  if (!canPush()) return null;
  const registration = await navigator.serviceWorker.getRegistration("/charge/");
  return (await registration?.pushManager.getSubscription()) ?? null;
}

export async function isSubscribed(): Promise<boolean> {
  return canPush() && Notification.permission === "granted" && (await current().catch(() => null)) !== null;
}

export function keyOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

export async function subscribe(vapidKey: string): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("refused");
  const registration = await navigator.serviceWorker.ready;
  const subscription =
    (await registration.pushManager.getSubscription()) ??
    (await registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: keyOf(vapidKey),
    }));
  const { endpoint, keys } = subscription.toJSON();
  await tell("PUT", "/push", { subscription: { endpoint, keys } });
}

export async function unsubscribe(): Promise<void> {
  await tell("DELETE", "/push");
  await (await current())?.unsubscribe();
}
