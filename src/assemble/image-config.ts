// SPDX-License-Identifier: MIT
import type {
  ExecutionConfig,
  Healthcheck,
  History,
  ImageConfig,
} from "../oci/documents/image-config.ts";
import type { DiffId } from "../oci/digest.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import { OciError } from "../oci/errors.ts";
import type { Platform } from "../oci/platform.ts";
import { normalisePort } from "../image/edit/normalise-port.ts";
import { completeHistory } from "../image/edit/history.ts";
import { mergeEnvironment } from "./recipe/environment.ts";
import type { HealthcheckSettings, ImageSettings, Recipe } from "./recipe/recipe.ts";

/** A layer above the base, as the image's history lists it. */
export interface LayerHistory {
  readonly name: string;
  /** Undefined for a layer that turned out empty and is left out of the image. */
  readonly diffId: DiffId | undefined;
}

/**
 * The configuration of the new image: the base's, including fields we do not know, with the recipe's
 * settings, layers and history on top. What Docker recorded about building the base is dropped.
 * @throws OciError `invalid-recipe`
 */
export function makeImageConfig(
  recipe: Recipe,
  base: ImageConfig | undefined,
  layers: readonly LayerHistory[],
  created: string,
): ImageConfig {
  const { config, rootfs, history, ...inherited } = withoutBuild(base);
  const diffIds = layers.flatMap(({ diffId }) => diffId ?? []);
  return {
    ...inherited,
    created,
    ...(recipe.config?.author !== undefined && { author: recipe.config.author }),
    ...platformOf(recipe, base),
    config: mergeSettings(
      withoutRecords(config ?? {}, recipe),
      recipe.config ?? {},
      recipe.variables ?? {},
    ),
    rootfs: { type: "layers", diff_ids: [...(rootfs?.diff_ids ?? []), ...diffIds] },
    history: [
      ...completeHistory({ history, rootfs }),
      ...layers.map((layer) => entryOf(layer, created)),
    ],
  };
}

function withoutBuild(base: ImageConfig | undefined): Partial<ImageConfig> {
  const built = new Set(["id", "parent", "container", "container_config", "docker_version"]);
  return Object.fromEntries(Object.entries(base ?? {}).filter(([key]) => !built.has(key)));
}

/** Without the labels that say where the base came from: of the new image they would be wrong. */
function withoutRecords(base: ExecutionConfig, { provenance }: Recipe): ExecutionConfig {
  if (base.Labels == null) return base;
  const { parentDigest, parentStage, runId, stageInputs } = AnnotationKey;
  const keys = Object.values({ parentDigest, parentStage, runId, ...provenance?.keys });
  const records = new Set<string | undefined>([...keys, stageInputs]);
  const left = Object.entries(base.Labels).filter(([key]) => !records.has(key));
  return { ...base, Labels: left.length === 0 ? undefined : Object.fromEntries(left) };
}

function platformOf(recipe: Recipe, base: ImageConfig | undefined): Platform {
  const { architecture, os, variant = base?.variant } = recipe.platform;
  return { architecture, os, ...(variant !== undefined && { variant }) };
}

function entryOf({ name, diffId }: LayerHistory, created: string): History {
  return {
    created,
    created_by: `oci-kit assemble: ${name}`,
    ...(diffId === undefined && { empty_layer: true }),
  };
}

function mergeSettings(
  base: ExecutionConfig,
  settings: ImageSettings,
  variables: Readonly<Record<string, string>>,
): ExecutionConfig {
  const { env, labels, entrypoint, cmd, user, workdir, volumes, ports } = settings;
  const { Cmd, ...others } = base;
  const inheritedCmd = entrypoint === undefined ? Cmd : undefined;
  const command = cmd ?? inheritedCmd;
  const healthcheck = settings.healthcheck && toDocker(settings.healthcheck);
  return {
    ...others,
    ...(user !== undefined && { User: user }),
    ...(ports && { ExposedPorts: { ...base.ExposedPorts, ...keysOf(ports.map(portOf)) } }),
    ...(env && { Env: mergeEnvironment(base.Env ?? [], env, variables) }),
    ...(entrypoint && { Entrypoint: entrypoint }),
    ...(command && { Cmd: command }),
    ...(volumes && { Volumes: { ...base.Volumes, ...keysOf(volumes) } }),
    ...(workdir !== undefined && { WorkingDir: workdir }),
    ...(labels && { Labels: { ...base.Labels, ...labels } }),
    ...(settings.stopSignal !== undefined && { StopSignal: settings.stopSignal }),
    ...(healthcheck && { Healthcheck: healthcheck }),
  };
}

function keysOf(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function portOf(text: string): string {
  const port = normalisePort(text);
  if (port !== undefined) return port;
  throw new OciError(
    "invalid-recipe",
    `config.ports: expected a port as 8080 or 8080/udp, got ${JSON.stringify(text)}`,
  );
}

const NANOSECONDS = 1_000_000;

function toDocker(settings: HealthcheckSettings): Healthcheck {
  const { test, interval, timeout, startPeriod, startInterval, retries } = settings;
  return {
    Test: test,
    ...(interval !== undefined && { Interval: interval * NANOSECONDS }),
    ...(timeout !== undefined && { Timeout: timeout * NANOSECONDS }),
    ...(startPeriod !== undefined && { StartPeriod: startPeriod * NANOSECONDS }),
    ...(startInterval !== undefined && { StartInterval: startInterval * NANOSECONDS }),
    ...(retries !== undefined && { Retries: retries }),
  };
}
