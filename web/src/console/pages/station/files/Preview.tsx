// The beginning of a file, or what an archive holds.

import { api, asked } from "@kit/api/client";
import { useFormats } from "@kit/formats";
import { Lines, Problem } from "@kit/ui/feedback";
import { Button, Modal, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Pretty } from "../../../commands/Pretty";
import type { Schemas } from "../queries";

export function Preview({ file, onClose }: { file: Schemas["StoredFile"]; onClose: () => void }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [member, setMember] = useState<string | undefined>();
  const preview = useQuery(
    asked(["file", file.id, "preview", member], (signal) =>
      api.GET("/api/v1/files/{file_id}/preview", {
        params: { path: { file_id: file.id }, query: { member } },
        signal,
      }),
    ),
  );
  return (
    <Modal opened onClose={onClose} size="xl" title={<bdi dir="ltr">{member ?? file.name}</bdi>}>
      <Stack>
        {member && (
          <Button size="xs" variant="default" onClick={() => setMember(undefined)}>
            {t("station.whole_archive")}
          </Button>
        )}
        {preview.isPending && <Lines />}
        {preview.error && <Problem error={preview.error} retry={() => preview.refetch()} />}
        {preview.data?.kind === "binary" && <Text>{t("station.binary")}</Text>}
        {preview.data?.text && <Pretty value={preview.data.text} label={file.name} height="60dvh" />}
        {preview.data?.members?.map((each) => (
          <Button
            key={each.name}
            variant="default"
            size="sm"
            justify="space-between"
            onClick={() => setMember(each.name)}
          >
            <bdi dir="ltr">{each.name}</bdi>&nbsp;({formats.bytes(each.size)})
          </Button>
        ))}
        {preview.data?.truncated && (
          <Text size="sm" c="dimmed">
            {t("station.truncated")}
          </Text>
        )}
      </Stack>
    </Modal>
  );
}
