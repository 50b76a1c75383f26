// What a session costs: line by line, its taxes, who pays; so far, or as it was charged.
import { useFormats } from "@kit/formats";
import { Group, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Section } from "../station/Section";
import { costQuery } from "./queries";

interface Line {
  kind: string;
  quantity: string;
  unit: string;
  unit_price: string;
  net: number;
}

export function CostSection({ id }: { id: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { data: cost } = useQuery(costQuery(id));
  if (!cost?.currency) return null;
  const charge = cost.charge;
  const lines: Line[] = charge?.lines ?? cost.so_far?.lines ?? [];
  const taxes = charge?.taxes ?? [];
  const money = (minor: number) => formats.money(minor, cost.currency);
  const state = charge?.charge.state;
  return (
    <Section title={t("sessions.cost")}>
      <Stack gap="xs">
        <Group gap="xs">
          <Text size="sm" fw={600}>
            {t(cost.final ? "cost.final" : state === "review" ? "cost.review" : "cost.so_far")}
          </Text>
          {charge && (
            <Text size="sm" c="dimmed">
              {t(`cost.payer_${charge.charge.payer.kind}`, { defaultValue: charge.charge.payer.kind })} ·{" "}
              {t(`cost.paid_${charge.charge.paid}`, { defaultValue: charge.charge.paid })}
            </Text>
          )}
        </Group>
        <Table.ScrollContainer minWidth={300}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("cost.what")}</Table.Th>
                <Table.Th ta="end">{t("cost.quantity")}</Table.Th>
                <Table.Th ta="end">{t("cost.price")}</Table.Th>
                <Table.Th ta="end">{t("cost.amount")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {lines.map((line) => (
                <Table.Tr key={`${line.kind} ${line.unit_price} ${line.quantity} ${line.net}`}>
                  <Table.Td>{t(`cost.line_${line.kind}`, { defaultValue: line.kind })}</Table.Td>
                  <Table.Td ta="end">
                    <bdi dir="ltr">{`${formats.number(Number(line.quantity), line.unit === "pcs" ? 0 : 2)} ${line.unit === "pcs" ? "×" : line.unit}`}</bdi>
                  </Table.Td>
                  <Table.Td ta="end">
                    <bdi dir="ltr">{formats.number(Number(line.unit_price), 4)}</bdi>
                  </Table.Td>
                  <Table.Td ta="end">{money(line.net)}</Table.Td>
                </Table.Tr>
              ))}
              {taxes.map((tax) => (
                <Table.Tr key={`${tax.name} ${tax.percent}`}>
                  <Table.Td colSpan={3}>
                    <bdi dir="ltr">{`${tax.name} ${formats.percent(Number(tax.percent) / 100, 1)}`}</bdi>
                  </Table.Td>
                  <Table.Td ta="end">{money(tax.amount)}</Table.Td>
                </Table.Tr>
              ))}
              {taxes.length === 0 && cost.tax !== 0 && (
                <Table.Tr>
                  <Table.Td colSpan={3}>{t("cost.tax")}</Table.Td>
                  <Table.Td ta="end">{money(cost.tax)}</Table.Td>
                </Table.Tr>
              )}
              <Table.Tr>
                <Table.Th scope="row" colSpan={3}>
                  {t("cost.sum")}
                </Table.Th>
                <Table.Td ta="end" fw={700}>
                  {money(cost.gross)}
                </Table.Td>
              </Table.Tr>
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
        {charge && charge.charge.reasons.length > 0 && (
          <Text size="sm">{t("cost.waits", { reasons: formats.list(charge.charge.reasons) })}</Text>
        )}
      </Stack>
    </Section>
  );
}
