// Firmware images: handed in, looked at, taken away. Stations are given them on their own pages, or by declaring them.
import { api, data, queries, send } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { useFormats } from "@kit/formats";
import { ask, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import {
  Anchor,
  Button,
  FileInput,
  Group,
  Modal,
  Stack,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconPackage } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ListPage } from "../../lists/ListPage";
import { usePaged } from "../../lists/paged";
import { useFilters } from "../../lists/search";
import { useMay } from "../../session";

type Image = components["schemas"]["FirmwareImage"];

export default function Firmware() {
  const { t } = useTranslation();
  const formats = useFormats();
  const may = useMay();
  const [filters, set] = useFilters<"q">();
  const [adding, form] = useDisclosure(false);
  const list = usePaged<Image>(["firmware", filters.q], (cursor, signal) =>
    data(
      api.GET("/api/v1/firmware", { params: { query: { search: filters.q, cursor, limit: 50 } }, signal }),
    ),
  );
  const remove = useMutation({
    mutationFn: (id: string) =>
      data(api.DELETE("/api/v1/firmware/{firmware_id}", { params: { path: { firmware_id: id } } })),
    onSuccess: () => {
      tellDone(t("access.removed"));
      void queries.invalidateQueries({ queryKey: ["firmware"] });
    },
    onError: tellProblem,
  });
  const deeds = (image: Image) => (
    <Group gap="xs" wrap="nowrap">
      <Anchor size="sm" href={`/api/v1/firmware/${image.id}/content`} download>
        {t("care.download")}
      </Anchor>
      {may("stations:write") && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() =>
            ask({
              title: t("care.remove_image"),
              text: t("care.remove_image_text", { name: image.version }),
              action: t("access.remove"),
              danger: true,
              onYes: () => remove.mutate(image.id),
            })
          }
        >
          {t("access.remove")}
        </Button>
      )}
    </Group>
  );
  return (
    <>
      <ListPage<Image>
        name="firmware"
        title={t("care.firmware")}
        subtitle={t("care.firmware_text")}
        list={list}
        keyOf={(image) => image.id}
        nameOf={(image) => image.version}
        search={filters.q}
        onSearch={(q) => set({ q })}
        narrowed={Boolean(filters.q)}
        add={may("stations:write") ? { label: t("care.add_image"), onClick: form.open } : undefined}
        empty={{ title: t("care.no_images"), text: t("care.no_images_text"), icon: IconPackage }}
        columns={[
          {
            key: "version",
            title: t("care.version"),
            render: (image) => <bdi>{image.version}</bdi>,
            fixed: true,
          },
          { key: "vendor", title: t("care.vendor"), render: (image) => image.vendor || "–" },
          {
            key: "models",
            title: t("care.models"),
            render: (image) => image.models.join(", ") || t("care.all_models"),
          },
          { key: "size", title: t("care.size"), render: (image) => formats.bytes(image.size) },
          {
            key: "signing",
            title: t("care.signing"),
            render: (image) => t(`care.signing_${image.signing}`, { defaultValue: image.signing }),
          },
          {
            key: "added",
            title: t("care.added"),
            render: (image) => <Time at={image.created_at} mode="date" />,
          },
          { key: "deeds", title: t("lists.deeds"), render: deeds, fixed: true, width: "minmax(11rem, 1fr)" },
        ]}
        card={(image) => (
          <Group justify="space-between" h="100%" wrap="nowrap">
            <div>
              <Text size="sm" fw={600}>
                {image.version}
              </Text>
              <Text size="xs" c="dimmed">
                {[image.vendor, ...image.models].filter(Boolean).join(" · ")}
              </Text>
            </div>
            {deeds(image)}
          </Group>
        )}
        cardHeight={64}
      />
      <ImageForm opened={adding} onClose={form.close} />
    </>
  );
}

function ImageForm({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: {
      file: null as File | null,
      version: "",
      vendor: "",
      models: [] as string[],
      release_notes: "",
    },
  });
  const save = useMutation({
    mutationFn: ({ file, models, ...rest }: typeof form.values) => {
      const query = new URLSearchParams({ ...rest, name: file?.name ?? "" });
      if (models.length > 0) query.set("models", models.join(","));
      return send(`/api/v1/firmware?${query}`, {
        method: "POST",
        body: file,
        headers: { "Content-Type": "application/octet-stream" },
      });
    },
    onSuccess: () => {
      tellDone(t("care.image_added"));
      void queries.invalidateQueries({ queryKey: ["firmware"] });
      form.reset();
      onClose();
    },
  });
  return (
    <Modal opened={opened} onClose={onClose} title={t("care.add_image")}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          {save.error && <Problem error={save.error} />}
          <FileInput label={t("care.file")} required {...form.getInputProps("file")} />
          <TextInput
            label={t("care.version")}
            description={t("care.version_help")}
            required
            maxLength={50}
            {...form.getInputProps("version")}
          />
          <TextInput label={t("care.vendor")} maxLength={50} {...form.getInputProps("vendor")} />
          <TagsInput
            label={t("care.models")}
            description={t("care.models_help")}
            {...form.getInputProps("models")}
          />
          <Textarea
            label={t("care.release_notes")}
            autosize
            minRows={2}
            maxRows={8}
            maxLength={4000}
            {...form.getInputProps("release_notes")}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending} disabled={!form.values.file}>
              {t("care.add_image")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
