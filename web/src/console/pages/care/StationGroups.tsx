// Stations that are treated alike: made, filled, renamed.
import { api, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { Problem, tellDone } from "@kit/ui/feedback";
import { Anchor, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconStack2 } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ListPage } from "../../lists/ListPage";
import { PickMany } from "../../lists/Pickers";
import { usePaged } from "../../lists/paged";
import { useFilters } from "../../lists/search";
import { useMay } from "../../session";

type StationGroup = components["schemas"]["StationGroup"];

export default function StationGroups() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay();
  const [filters, set] = useFilters<"q">();
  const [adding, form] = useDisclosure(false);
  const list = usePaged<StationGroup>(["station-groups", filters.q], (cursor, signal) =>
    data(
      api.GET("/api/v1/station-groups", {
        params: { query: { search: filters.q, cursor, limit: 100 } },
        signal,
      }),
    ),
  );
  const link = (group: StationGroup) => (
    <Anchor component={Link} to={`/station-groups/${group.id}` as "/"} size="sm">
      <bdi>{group.name}</bdi>
    </Anchor>
  );
  const size = (group: StationGroup) => t("access.stations_count", { count: group.stations });
  return (
    <>
      <ListPage<StationGroup>
        name="station-groups"
        title={t("care.groups")}
        subtitle={t("care.groups_text")}
        list={list}
        keyOf={(group) => group.id}
        nameOf={(group) => group.name}
        onOpen={(group) => navigate({ to: `/station-groups/${group.id}` as "/" })}
        search={filters.q}
        onSearch={(q) => set({ q })}
        narrowed={Boolean(filters.q)}
        add={may("stations:write") ? { label: t("access.add_group"), onClick: form.open } : undefined}
        empty={{ title: t("care.no_groups"), text: t("care.no_groups_text"), icon: IconStack2 }}
        columns={[
          { key: "name", title: t("access.name"), render: link, fixed: true, width: "minmax(10rem, 1.5fr)" },
          {
            key: "description",
            title: t("care.description"),
            render: (group) => group.description || "–",
            width: "minmax(10rem, 2fr)",
          },
          { key: "stations", title: t("access.stations"), render: size },
        ]}
        card={(group) => (
          <div>
            {link(group)}
            <Text size="xs" c="dimmed">
              {size(group)}
            </Text>
          </div>
        )}
        cardHeight={60}
      />
      <GroupForm
        opened={adding}
        onClose={form.close}
        onMade={(id) => navigate({ to: `/station-groups/${id}` as "/" })}
      />
    </>
  );
}

function GroupForm({
  opened,
  onClose,
  onMade,
}: {
  opened: boolean;
  onClose: () => void;
  onMade: (id: string) => void;
}) {
  const { t } = useTranslation();
  const form = useForm({ initialValues: { name: "", description: "", stations: [] as string[] } });
  const save = useMutation({
    mutationFn: (body: typeof form.values) => data(api.POST("/api/v1/station-groups", { body })),
    onSuccess: (made) => {
      tellDone(t("access.saved"));
      void queries.invalidateQueries({ queryKey: ["station-groups"] });
      form.reset();
      onClose();
      onMade(made.id);
    },
  });
  return (
    <Modal opened={opened} onClose={onClose} title={t("access.add_group")}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          {save.error && <Problem error={save.error} />}
          <TextInput
            label={t("access.name")}
            required
            maxLength={200}
            data-autofocus
            {...form.getInputProps("name")}
          />
          <TextInput label={t("care.description")} maxLength={1000} {...form.getInputProps("description")} />
          <PickMany
            kind="stations"
            label={t("access.stations")}
            value={form.values.stations}
            onChange={(ids) => form.setFieldValue("stations", ids)}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending}>
              {t("access.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
