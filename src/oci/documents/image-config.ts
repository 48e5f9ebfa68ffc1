// SPDX-License-Identifier: MIT
import type { DiffId } from "../digest.ts";
import type { Platform } from "../platform.ts";

/** The configuration of an image (image-spec, config.md) under its own JSON keys; unknown keys stay on it. */
export interface ImageConfig extends Platform {
  /** RFC 3339. */
  readonly created?: string | undefined;
  readonly author?: string | undefined;
  readonly config?: ExecutionConfig | undefined;
  readonly rootfs: { readonly type: "layers"; readonly diff_ids: readonly DiffId[] };
  readonly history?: readonly History[] | undefined;
}

/** What a container made from the image runs with (image-spec, config.md, "config"). */
export interface ExecutionConfig {
  readonly User?: string | undefined;
  readonly ExposedPorts?: Readonly<Record<string, object>> | undefined;
  readonly Env?: readonly string[] | undefined;
  readonly Entrypoint?: readonly string[] | undefined;
  readonly Cmd?: readonly string[] | undefined;
  readonly Volumes?: Readonly<Record<string, object>> | undefined;
  readonly WorkingDir?: string | undefined;
  readonly Labels?: Readonly<Record<string, string>> | undefined;
  readonly StopSignal?: string | undefined;
  /** An addition of Docker's. */
  readonly Healthcheck?: Healthcheck | undefined;
  readonly ArgsEscaped?: boolean | undefined;
  readonly OnBuild?: readonly string[] | undefined;
  readonly Shell?: readonly string[] | undefined;
}

/** Docker's health check: durations in nanoseconds, `Test` as `["CMD", …]`, `["CMD-SHELL", …]` or `["NONE"]`. */
export interface Healthcheck {
  readonly Test?: readonly string[] | undefined;
  readonly Interval?: number | undefined;
  readonly Timeout?: number | undefined;
  readonly StartPeriod?: number | undefined;
  readonly StartInterval?: number | undefined;
  readonly Retries?: number | undefined;
}

/** How one layer was made, or what one build step without a layer did. */
export interface History {
  readonly created?: string | undefined;
  readonly created_by?: string | undefined;
  readonly author?: string | undefined;
  readonly comment?: string | undefined;
  readonly empty_layer?: boolean | undefined;
}
