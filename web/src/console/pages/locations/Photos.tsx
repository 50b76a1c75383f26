// The photos of a location that drivers see.
import { api, asked, send } from "@kit/api/client";
import { Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { ActionIcon, Box, Button, FileButton, Image, SimpleGrid, Text } from "@mantine/core";
import { IconPhotoPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useMay } from "../../session";
import { Section } from "../station/Section";

const BYTES_MAX = 4 * 1024 * 1024;

export function Photos({ id }: { id: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const key = ["location", id, "photos"];
  const query = useQuery(
    asked(key, (signal) =>
      api.GET("/api/v1/locations/{location_id}/photos", { params: { path: { location_id: id } }, signal }),
    ),
  );
  const again = () => client.invalidateQueries({ queryKey: key });
  const add = useMutation({
    mutationFn: (file: File) =>
      send(`/api/v1/locations/${id}/photos`, {
        method: "POST",
        headers: { "Content-Type": file.type },
        body: file,
      }),
    onSuccess: again,
    onError: tellProblem,
  });
  const remove = useMutation({
    mutationFn: (number: number) => send(`/api/v1/locations/${id}/photos/${number}`, { method: "DELETE" }),
    onSuccess: () => {
      tellDone(t("locations.photo_removed"));
      again();
    },
    onError: tellProblem,
  });
  const choose = (file: File | null) => {
    if (!file) return;
    if (file.size > BYTES_MAX) tellProblem(new Error(t("locations.photo_too_big")));
    else add.mutate(file);
  };
  const writes = may("locations:write");
  const photos = query.data?.photos ?? [];
  return (
    <Section
      title={t("locations.photos")}
      tools={
        writes && (
          <FileButton onChange={choose} accept="image/jpeg,image/png,image/webp">
            {(props) => (
              <Button
                {...props}
                size="xs"
                variant="default"
                loading={add.isPending}
                leftSection={<IconPhotoPlus size={16} aria-hidden />}
              >
                {t("locations.add_photo")}
              </Button>
            )}
          </FileButton>
        )
      }
    >
      {query.isPending && <Lines count={1} height={100} />}
      {query.error && <Problem error={query.error} retry={() => query.refetch()} />}
      {query.data && photos.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("locations.no_photos")}
        </Text>
      )}
      <SimpleGrid cols={2} spacing="xs">
        {photos.map((address, at) => (
          <Box key={address} pos="relative">
            <Image
              src={address}
              alt={t("locations.photo", { number: at + 1 })}
              radius="md"
              h={110}
              fit="cover"
            />
            {writes && (
              <ActionIcon
                pos="absolute"
                top={4}
                variant="default"
                style={{ insetInlineEnd: 4 }}
                aria-label={t("locations.remove_photo", { number: at + 1 })}
                onClick={() => remove.mutate(at + 1)}
              >
                <IconTrash size={16} />
              </ActionIcon>
            )}
          </Box>
        ))}
      </SimpleGrid>
    </Section>
  );
}
