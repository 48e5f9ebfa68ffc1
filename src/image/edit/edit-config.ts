// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { ExecutionConfig, Healthcheck } from "../../oci/documents/image-config.ts";
import type { Platform } from "../../oci/platform.ts";
import { quote } from "../../oci/quote.ts";
import { readEnvironment } from "./read-environment.ts";
import { normalisePort } from "./normalise-port.ts";
import { parseRfc3339 } from "./history.ts";
import type { ImageView } from "./image-view.ts";
import { rewriteConfig } from "./rewrite-document.ts";

/** Edits of names with values, in this order: all are removed, some are removed, some are set. */
export interface MapEdit {
  readonly clear?: boolean | undefined;
  readonly remove?: readonly string[] | undefined;
  readonly set?: Readonly<Record<string, string>> | undefined;
}

/** Edits of a set of names, in the same order. */
export interface SetEdit {
  readonly clear?: boolean | undefined;
  readonly remove?: readonly string[] | undefined;
  readonly add?: readonly string[] | undefined;
}

/**
 * What {@link editConfig} changes (image-spec, config.md, and Docker's additions). A field that is not given
 * stays as it is; `null` removes it.
 */
export interface ConfigEdits {
  readonly env?: MapEdit | undefined;
  readonly labels?: MapEdit | undefined;
  /** Annotations of the manifest. */
  readonly annotations?: MapEdit | undefined;
  /** Such as `8080` or `8080/udp`. */
  readonly exposedPorts?: SetEdit | undefined;
  readonly volumes?: SetEdit | undefined;
  readonly entrypoint?: readonly string[] | null | undefined;
  readonly cmd?: readonly string[] | null | undefined;
  readonly user?: string | null | undefined;
  readonly workingDir?: string | null | undefined;
  readonly stopSignal?: string | null | undefined;
  readonly healthcheck?: Healthcheck | null | undefined;
  readonly onBuild?: readonly string[] | null | undefined;
  readonly shell?: readonly string[] | null | undefined;
  readonly argsEscaped?: boolean | null | undefined;
  readonly author?: string | null | undefined;
  /** RFC 3339. */
  readonly created?: string | null | undefined;
  /** Replaces architecture, system, variant, version and features together. */
  readonly platform?: Platform | undefined;
}

/**
 * Edits the image's configuration, and nothing that was not asked for: a new entrypoint does not touch the
 * command, unknown keys survive, and when nothing differs the document stays the same.
 * @throws OciError `invalid-argument` for a malformed name, port or time
 */
export function editConfig(view: ImageView, edits: ConfigEdits): ImageView {
  const { annotations, author, created, platform } = edits;
  if (created != null && parseRfc3339(created) === undefined) {
    throw wrong("created", "a time as 2026-11-22T10:00:00Z", created);
  }
  const image = {
    ...changed("author", author),
    ...changed("created", created),
    ...(platform && {
      architecture: platform.architecture,
      os: platform.os,
      variant: platform.variant,
      "os.version": platform["os.version"],
      "os.features": platform["os.features"],
    }),
  };
  const settings = editSettings(view.config.value.config ?? {}, edits);
  return {
    ...view,
    config: rewriteConfig(view.config, { image, settings }),
    annotations: annotations
      ? editMap(view.annotations, annotations, "annotation")
      : view.annotations,
  };
}

function editSettings(before: ExecutionConfig, edits: ConfigEdits): Partial<ExecutionConfig> {
  const { env, labels, exposedPorts, volumes } = edits;
  return {
    ...changed("User", edits.user),
    ...changed("WorkingDir", edits.workingDir),
    ...changed("StopSignal", edits.stopSignal),
    ...changed("Healthcheck", edits.healthcheck),
    ...changed("OnBuild", edits.onBuild),
    ...changed("Shell", edits.shell),
    ...changed("ArgsEscaped", edits.argsEscaped),
    ...changed("Entrypoint", edits.entrypoint),
    ...changed("Cmd", edits.cmd),
    ...(env && { Env: orNothing(editEnvironment(before.Env ?? [], env)) }),
    ...(labels && { Labels: orNothing(editMap(before.Labels ?? {}, labels, "label")) }),
    ...(exposedPorts && {
      ExposedPorts: orNothing(editSet(before.ExposedPorts ?? {}, exposedPorts, portOf)),
    }),
    ...(volumes && { Volumes: orNothing(editSet(before.Volumes ?? {}, volumes, volumeOf)) }),
  };
}

/** The key with its new value, undefined to remove it; an empty object when the value stays. */
function changed<Key extends string, Value>(
  key: Key,
  value: Value | null | undefined,
): Partial<Record<Key, Value | undefined>> {
  if (value === undefined) return {};
  return { [key]: value ?? undefined } as Partial<Record<Key, Value | undefined>>;
}

/** The value, or undefined when it is empty, so that its key is removed. */
function orNothing<T extends object>(value: T): T | undefined {
  return Object.keys(value).length === 0 ? undefined : value;
}

function editEnvironment(lines: readonly string[], edit: MapEdit): readonly string[] {
  const environment = readEnvironment(edit.clear === true ? [] : lines);
  for (const name of edit.remove ?? []) environment.delete(name);
  for (const [name, value] of Object.entries(edit.set ?? {})) {
    if (name === "" || /[=\0]/.test(name)) throw wrong("environment", "a name without =", name);
    environment.set(name, `${name}=${value}`);
  }
  return [...environment.values()];
}

function editMap(
  before: Readonly<Record<string, string>>,
  { clear, remove = [], set = {} }: MapEdit,
  what: string,
): Readonly<Record<string, string>> {
  if (Object.hasOwn(set, "")) throw wrong(what, "a name", "");
  const kept = Object.entries(clear === true ? {} : before);
  return { ...Object.fromEntries(kept.filter(([name]) => !remove.includes(name))), ...set };
}

function editSet(
  before: Readonly<Record<string, object>>,
  { clear, remove = [], add = [] }: SetEdit,
  nameOf: (text: string) => string,
): Readonly<Record<string, object>> {
  const removed = new Set(remove.map(nameOf));
  const kept = Object.entries(clear === true ? {} : before);
  const added = add.map((text) => [nameOf(text), before[nameOf(text)] ?? {}] as const);
  return Object.fromEntries([...kept.filter(([name]) => !removed.has(name)), ...added]);
}

function portOf(text: string): string {
  const port = normalisePort(text);
  if (port !== undefined) return port;
  throw wrong("exposed port", "a port as 8080 or 8080/udp", text);
}

function volumeOf(text: string): string {
  if (text !== "") return text;
  throw wrong("volume", "a path", text);
}

function wrong(what: string, expected: string, got: string): OciError {
  return new OciError("invalid-argument", `${what}: expected ${expected}, got ${quote(got)}`, {
    details: { got },
  });
}
