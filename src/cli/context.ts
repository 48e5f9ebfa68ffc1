// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes/bytes.ts";
import type { Limits } from "../oci/limits.ts";
import type { RegistryOptions } from "../registry/repository.ts";

/** Where text of a command goes. */
export interface Output {
  write(text: string): unknown;
  /** Ends when all was taken. @throws OciError `unwritable` when something was not */
  flushed?(): Promise<void>;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** What a command has of the world besides the working directory; tests give their own. */
export interface Context {
  /** Results, and nothing else. */
  readonly stdout: Output;
  /** Progress, warnings and errors. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the user interrupts; its reason says by what. */
  readonly signal: AbortSignal;
  /** The configuration that `--config` names; false after `--no-config`. Default: what is found. */
  readonly configuration?: string | false | undefined;
  /** The limits that the command was told to hold to, instead of the defaults. */
  readonly limits?: Partial<Limits> | undefined;
  /** How registries are reached, where the command was told. */
  readonly registry?: RegistryOptions | undefined;
  /** Takes the bytes that a command writes to stdout, instead of the process's own. */
  readonly writeBytes?: ((bytes: Bytes) => Promise<void>) | undefined;
}
