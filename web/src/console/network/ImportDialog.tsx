// Locations or stations from a CSV file: first what would happen, with every mistake by row, and then done.
import { send } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { Problem, tellDone } from "@kit/ui/feedback";
import { Anchor, Button, Checkbox, FileInput, Group, Modal, Stack, Table, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconFileTypeCsv } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { fleet } from "./fleet";
import { anew } from "./places";

type Report = components["schemas"]["ImportReport"];
const PROBLEMS_SHOWN = 100;

interface Props {
  what: "stations" | "locations";
  onClose: () => void;
}

export function ImportDialog({ what, onClose }: Props) {
  const { t } = useTranslation();
  const phone = useMediaQuery("(max-width: 36em)");
  const [file, setFile] = useState<File | null>(null);
  const [partial, setPartial] = useState(false);
  const post = async (dry: boolean): Promise<Report> => {
    const query = new URLSearchParams({ dry_run: String(dry), partial: String(partial) });
    const answer = await send(`/api/v1/${what}/import?${query}`, {
      method: "POST",
      headers: { "Content-Type": file?.name.endsWith(".json") ? "application/json" : "text/csv" },
      body: file,
    });
    return answer.json();
  };
  const look = useMutation({ mutationFn: () => post(true) });
  const take = useMutation({
    mutationFn: () => post(false),
    onSuccess: (report) => {
      if (!report.applied) return;
      tellDone(t("import.done", { created: report.created, changed: report.changed }));
      if (what === "stations") fleet.reload();
      anew();
      onClose();
    },
  });
  const choose = (chosen: File | null) => {
    setFile(chosen);
    look.reset();
    take.reset();
    if (chosen) setTimeout(() => look.mutate());
  };
  const report = take.data ?? look.data;
  const good = report && (report.failed === 0 || partial) && report.created + report.changed > 0;
  return (
    <Modal opened onClose={onClose} fullScreen={phone} size="lg" title={t(`import.title_${what}`)}>
      <Stack>
        <Text size="sm">
          {t(`import.help_${what}`)}{" "}
          <Anchor href={`/api/v1/${what}/export?format=csv`} download size="sm" underline="always">
            {t("import.example")}
          </Anchor>
        </Text>
        <FileInput
          label={t("import.file")}
          accept=".csv,text/csv,.json,application/json"
          placeholder={t("import.choose")}
          leftSection={<IconFileTypeCsv size={18} aria-hidden />}
          value={file}
          onChange={choose}
          clearable
          clearButtonProps={{ "aria-label": t("import.clear") }}
        />
        {(look.error || take.error) && <Problem error={look.error ?? take.error} />}
        {report && (
          <>
            <Text role="status">
              {t("import.would", {
                rows: report.rows,
                created: report.created,
                changed: report.changed,
                unchanged: report.unchanged,
              })}
            </Text>
            {report.failed > 0 && (
              <>
                <Text fw={600}>{t("import.wrong", { count: report.failed })}</Text>
                <Table.ScrollContainer minWidth={320} maxHeight={240}>
                  <Table>
                    <Table.Thead>
                      <Table.Tr>
                        <Table.Th>{t("import.row")}</Table.Th>
                        <Table.Th>{t("import.field")}</Table.Th>
                        <Table.Th>{t("import.problem")}</Table.Th>
                      </Table.Tr>
                    </Table.Thead>
                    <Table.Tbody>
                      {report.problems.slice(0, PROBLEMS_SHOWN).map((each) => (
                        <Table.Tr key={`${each.row}/${each.field}/${each.message}`}>
                          <Table.Td>{each.row}</Table.Td>
                          <Table.Td dir="ltr">{each.field}</Table.Td>
                          <Table.Td>{each.message}</Table.Td>
                        </Table.Tr>
                      ))}
                    </Table.Tbody>
                  </Table>
                </Table.ScrollContainer>
                <Checkbox
                  label={t("import.partial")}
                  checked={partial}
                  onChange={(event) => setPartial(event.currentTarget.checked)}
                />
              </>
            )}
          </>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("commands.close")}
          </Button>
          <Button disabled={!good} loading={take.isPending || look.isPending} onClick={() => take.mutate()}>
            {t("import.take")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
