// A browser's offer to install the app: kept until somebody wants it, never pushed in front of a driver.
interface Offer extends Event {
  prompt(): Promise<unknown>;
}

let offer: Offer | null = null;
const listeners = new Set<() => void>();
const become = (next: Offer | null) => {
  offer = next;
  for (const listener of listeners) listener();
};

window.addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  become(event as Offer);
});
window.addEventListener("appinstalled", () => become(null));

export const installing = {
  follow(listener: () => void) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  offer: () => offer,
  async take() {
    const taken = offer;
    become(null);
    await taken?.prompt();
  },
};
