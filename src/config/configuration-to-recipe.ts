// SPDX-License-Identifier: MIT
import type {
  Artifact,
  ImageSettings,
  LayerRecipe,
  ModeChange,
  Recipe,
  Step,
} from "../assemble/recipe.ts";
import { parsePlatform } from "../oci/platform.ts";
import type { Configuration } from "./configuration.ts";
import { type Expander, createExpander } from "./expander.ts";
import { artifactsOf, baseOf } from "./inputs-of.ts";
import type { ConfigurationFile, FileStep } from "./schema.ts";
import type { KeyPath } from "./yaml-source.ts";

/**
 * The recipe of one architecture: every variable expanded (but those of `config.env`, which may name the
 * base's environment), steps for other architectures left out, paths absolute.
 * @throws OciError `invalid-argument` for an architecture that the configuration does not list;
 * `invalid-recipe` naming line and key
 */
export function configurationToRecipe(configuration: Configuration, architecture: string): Recipe {
  const expander = createExpander(configuration, architecture);
  const { content } = configuration;
  const artifacts = artifactsOf(configuration, expander);
  const { annotations, provenance } = content;
  return {
    platform: parsePlatform(architecture),
    base: baseOf(configuration, expander),
    artifacts,
    layers: layersOf(content, artifacts, expander),
    config: settingsOf(content.config ?? {}, expander),
    variables: expander.variables,
    annotations: annotations && expandMap(annotations, ["annotations"], expander),
    provenance: provenance && {
      ...provenance,
      ...(provenance.parentStage !== undefined && {
        parentStage: expander.expand(provenance.parentStage, ["provenance", "parentStage"]),
      }),
    },
  };
}

function layersOf(
  content: ConfigurationFile,
  artifacts: Readonly<Record<string, Artifact>>,
  expander: Expander,
): LayerRecipe[] {
  return content.layers.flatMap(({ name, arch, steps }, at) => {
    const path = ["layers", at];
    if (!expander.applies(arch, path)) return [];
    const taken = steps.flatMap((step, index) => {
      const place = [...path, "steps", index];
      return expander.applies(step.arch, place) ? stepOf(step, place, artifacts, expander) : [];
    });
    return { name: expander.expand(name, [...path, "name"]), steps: taken };
  });
}

function stepOf(
  step: FileStep,
  path: KeyPath,
  artifacts: Readonly<Record<string, Artifact>>,
  expander: Expander,
): Step {
  const text = (value: string, key: string): string => expander.expand(value, [...path, key]);
  if ("copy" in step) {
    const { copy, from, to, mode, exclude, owner, missing, times } = step;
    return {
      kind: "copy",
      path: text(copy, "copy"),
      from: sourceOf(from, path, artifacts, expander),
      to: to === undefined ? undefined : text(to, "to"),
      mode: modeOf(mode),
      exclude: exclude?.map((pattern, at) => expander.expand(pattern, [...path, "exclude", at])),
      owner,
      missing,
      times,
    };
  }
  if ("alternative" in step) {
    const { alternative, link, path: target, priority, slaves } = step;
    return {
      kind: "alternative",
      name: text(alternative, "alternative"),
      link: text(link, "link"),
      path: text(target, "path"),
      priority,
      slaves: slaves?.map((slave, at) => ({
        name: expander.expand(slave.name, [...path, "slaves", at, "name"]),
        link: expander.expand(slave.link, [...path, "slaves", at, "link"]),
        path: expander.expand(slave.path, [...path, "slaves", at, "path"]),
      })),
    };
  }
  if ("link" in step) {
    const { link, target, ifAbsent, owner } = step;
    return {
      kind: "link",
      path: text(link, "link"),
      target: text(target, "target"),
      ifAbsent,
      owner,
    };
  }
  if ("file" in step) {
    const { file, content, mode, owner } = step;
    return {
      kind: "file",
      path: text(file, "file"),
      content: text(content, "content"),
      mode,
      owner,
    };
  }
  if ("directory" in step) {
    const { directory, mode, owner } = step;
    return { kind: "directory", path: text(directory, "directory"), mode, owner };
  }
  return { kind: "remove", path: text(step.remove, "remove") };
}

function sourceOf(
  from: string | undefined,
  path: KeyPath,
  artifacts: Readonly<Record<string, Artifact>>,
  expander: Expander,
): string {
  const names = Object.keys(artifacts);
  const name = from ?? (names.length === 1 ? names[0] : undefined);
  if (name !== undefined && Object.hasOwn(artifacts, name)) return name;
  const known = `an artifact for ${expander.architecture} (${names.join(", ") || "there is none"})`;
  const got = name === undefined ? "nothing" : JSON.stringify(name);
  throw expander.refuse([...path, "from"], `expected ${known}, got ${got}`);
}

function modeOf(mode: number | ModeChange | undefined): ModeChange | undefined {
  return typeof mode === "number" ? { files: mode, directories: mode } : mode;
}

function settingsOf(
  config: NonNullable<ConfigurationFile["config"]>,
  expander: Expander,
): ImageSettings {
  const { labels, entrypoint, cmd, user, workdir, volumes, ports, healthcheck } = config;
  const each = (
    values: readonly string[] | undefined,
    key: string,
  ): readonly string[] | undefined =>
    values?.map((value, at) => expander.expand(value, ["config", key, at]));
  const one = (value: string | undefined, key: string): string | undefined =>
    value === undefined ? undefined : expander.expand(value, ["config", key]);
  return {
    env: config.env,
    labels: labels && expandMap(labels, ["config", "labels"], expander),
    entrypoint: each(entrypoint, "entrypoint"),
    cmd: each(cmd, "cmd"),
    user: one(user, "user"),
    workdir: one(workdir, "workdir"),
    volumes: each(volumes, "volumes"),
    ports: each(ports, "ports"),
    healthcheck: healthcheck && {
      ...healthcheck,
      test: healthcheck.test.map((value, at) =>
        expander.expand(value, ["config", "healthcheck", "test", at]),
      ),
    },
    stopSignal: one(config.stopSignal, "stopSignal"),
    author: one(config.author, "author"),
  };
}

function expandMap(
  values: Readonly<Record<string, string>>,
  path: KeyPath,
  expander: Expander,
): Readonly<Record<string, string>> {
  const entries = Object.entries(values);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, expander.expand(value, [...path, key])]),
  );
}
