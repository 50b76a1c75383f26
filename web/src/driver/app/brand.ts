// Whose app this is: its name and colours came with the document, its legal texts are asked for when read.
import { CURRANT, paletteOf } from "@kit/branding";

export interface Brand {
  name: string;
  product_name: string;
  primary_colour: string;
  logo_url: string | null;
  dark_logo_url: string | null;
  guests: boolean;
  driver_app: boolean;
}

const PLAIN: Brand = {
  name: "Currant",
  product_name: "Currant",
  primary_colour: CURRANT,
  logo_url: null,
  dark_logo_url: null,
  guests: true,
  driver_app: true,
};

function read(): Brand {
  const content = document.querySelector<HTMLMetaElement>('meta[name="site"]')?.content ?? "";
  try {
    return { ...PLAIN, ...JSON.parse(content) };
  } catch {
    return PLAIN; // a development server does not fill the document in
  }
}

export const brand = read();

const dark = matchMedia("(prefers-color-scheme: dark)");

function paint(): void {
  const style = document.documentElement.style;
  for (const [name, value] of Object.entries(
    paletteOf(brand.primary_colour, dark.matches ? "dark" : "light"),
  ))
    style.setProperty(`--${name}`, value);
}

// Colour the page in the brand's colours, and again when the phone turns dark or light.
export function startColours(): void {
  paint();
  dark.addEventListener("change", paint);
}
