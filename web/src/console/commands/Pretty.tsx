// Something as JSON, laid out to be read.
interface Props {
  value: unknown;
  label: string;
  height?: string;
}

export function Pretty({ value, label, height = "18rem" }: Props) {
  return (
    <pre
      dir="ltr"
      role="group"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
      tabIndex={0}
      style={{
        margin: 0,
        padding: 12,
        overflow: "auto",
        maxHeight: height,
        fontSize: 13,
        background: "var(--currant-soft)",
        borderRadius: 8,
        whiteSpace: "pre-wrap",
        overflowWrap: "anywhere",
      }}
    >
      {typeof value === "string" ? value : JSON.stringify(value, null, 2)}
    </pre>
  );
}
