// The host names at which drivers find an organisation: given by whoever runs the installation.
import { api, asked, data, queries } from "@kit/api/client";
import { Problem, tellDone } from "@kit/ui/feedback";
import { Button, Group, Modal, TagsInput, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Form } from "../me/Form";

export function HostNames({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const [wanted, setHosts] = useState<string[]>();
  const params = { path: { organisation: id } };
  const query = asked(["organisations", id, "hosts"], (signal) =>
    api.GET("/api/v1/organisations/{organisation}/hosts", { params, signal }),
  );
  const found = useQuery({ ...query, enabled: opened });
  const hosts = wanted ?? [...(found.data?.hosts ?? [])];
  const save = useMutation({
    mutationFn: () =>
      data(
        api.PUT("/api/v1/organisations/{organisation}/hosts", {
          params,
          body: { hosts },
        }),
      ),
    onSuccess: () => {
      setOpened(false);
      setHosts(undefined);
      void queries.invalidateQueries({ queryKey: query.queryKey });
      tellDone(t("me.saved"));
    },
  });
  return (
    <>
      <Button
        size="xs"
        variant="default"
        aria-label={t("organisation.hosts_of", { name })}
        onClick={() => setOpened(true)}
      >
        {t("organisation.hosts")}
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title={t("organisation.hosts_of", { name })}>
        <Form
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate();
          }}
        >
          <Text>{t("organisation.hosts_text")}</Text>
          {(save.error ?? found.error) && <Problem error={save.error ?? found.error} />}
          <TagsInput
            label={t("organisation.hosts")}
            placeholder="charge.example.com"
            splitChars={[",", " "]}
            value={hosts}
            onChange={setHosts}
            data-autofocus
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setOpened(false)}>
              {t("ask.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending} disabled={!found.data}>
              {t("me.save")}
            </Button>
          </Group>
        </Form>
      </Modal>
    </>
  );
}
