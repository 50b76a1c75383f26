// Power over the session, as a line that needs no library; told in words too.
import { useFormats } from "@kit/formats";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask } from "../app/api";
import type { CurvePoint } from "../app/types";
import { lineOf } from "./line";

const [WIDTH, HEIGHT, REFRESH_MS] = [340, 130, 30_000];

export function PowerCurve({ id, energy }: { id: string; energy: number }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const curve = useQuery({
    queryKey: ["session", id, "curve"],
    queryFn: ({ signal }) =>
      ask<{ points: CurvePoint[] }>(`/sessions/${encodeURIComponent(id)}/curve?points=120`, { signal }),
    refetchInterval: REFRESH_MS,
    enabled: energy > 0,
  });
  const line = lineOf(curve.data?.points ?? [], WIDTH, HEIGHT);
  if (!line) return null;
  const most = formats.power(line.most);
  // Of a curve that is short, seconds are told too.
  const seconds = formats.time(line.from) === formats.time(line.until);
  const [from, until] = [line.from, line.until].map((at) => formats.time(at, { seconds }));
  return (
    <figure className="curve" dir="ltr">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT + 20}`}
        width="100%"
        role="img"
        aria-label={t("charging.curve", {
          most,
          from,
          until,
        })}
      >
        <path d={line.area} fill="var(--curve)" fillOpacity="0.15" />
        <path d={line.path} fill="none" stroke="var(--curve)" strokeWidth="2.5" strokeLinejoin="round" />
        <line x1="0" y1={HEIGHT} x2={WIDTH} y2={HEIGHT} stroke="var(--edge)" />
        <text x="0" y="12">
          {most}
        </text>
        <text x="0" y={HEIGHT + 16}>
          {from}
        </text>
        <text x={WIDTH} y={HEIGHT + 16} textAnchor="end">
          {until}
        </text>
      </svg>
    </figure>
  );
}
