// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes/bytes.ts";
import type { Limits } from "../oci/limits.ts";
import type { RegistryOptions } from "../registry/repository.ts";

/** A stream that a command writes text to. */
export interface Output {
  write(text: string): unknown;
  /** Resolves when everything written so far has been accepted. @throws OciError `unwritable` when some of it was not */
  flushed?(): Promise<void>;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** What a command reads what is typed or piped into it from. */
export interface Input extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean | undefined;
  /** Of a terminal: whether keys come one by one, and are not shown. */
  setRawMode?(on: boolean): unknown;
}

/** Everything outside the program that a command uses, except the working directory. Tests pass their own. */
export interface Context {
  /** Receives results and nothing else. */
  readonly stdout: Output;
  /** Receives progress, warnings and errors. */
  readonly stderr: Output;
  /** Default: the stdin of the process. */
  readonly stdin?: Input | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the user interrupts the program; the abort reason says how, for example by SIGINT. */
  readonly signal: AbortSignal;
  /** Fails when nothing can happen any more, so that the command would wait for ever. */
  readonly stalled?: Promise<never> | undefined;
  /** The file that `--config` names, or false for `--no-config`. Default: the configuration is searched for. */
  readonly configuration?: string | false | undefined;
  /** Limits from `--limit`, which replace the defaults. */
  readonly limits?: Partial<Limits> | undefined;
  /** How to reach registries, if flags say so. */
  readonly registry?: RegistryOptions | undefined;
  /** Receives the bytes that a command writes to stdout. Default: the stdout of the process. */
  readonly writeBytes?: ((bytes: Bytes) => Promise<void>) | undefined;
}
