// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Finding } from "../../oci/finding.ts";

/** What keeps a program from starting. */
export type ClosureFindingCode =
  /** It starts like an ELF object, and is none. */
  | "damaged-object"
  /** The loader that a program names is not in the root. */
  | "loader-missing"
  /** The loader is for another machine than the program. */
  | "loader-wrong-machine"
  /** A library is nowhere that the loader looks. */
  | "library-missing"
  /** A library does not define a version of symbols that is needed from it. */
  | "version-missing"
  /** A path that was asked about is not an ELF object in the root. */
  | "not-an-object";

export interface ClosureFinding extends Finding<ClosureFindingCode> {
  /** The object whose need is not met. */
  readonly path: ByteString;
  /** What it needs: a library's name, or a version as `GLIBC_2.38`; undefined where it is the object itself. */
  readonly needs: ByteString | undefined;
  /** The programs that can't start because of it, sorted by bytes. */
  readonly programs: readonly ByteString[];
  /** What would have met the need, and is for another machine: paths without links. */
  readonly foreign: readonly ByteString[];
}

/** One program, and all that its loader takes for it. */
export interface ProgramClosure {
  readonly path: ByteString;
  readonly architecture: string | undefined;
  /** Undefined for a static program. */
  readonly loader: ByteString | undefined;
  /** The paths without links of its libraries, in the order in which they are loaded. */
  readonly libraries: readonly ByteString[];
}

export interface ClosureReport {
  readonly name: string;
  /** If there is none, nothing was found out, which callers must report as a failure. */
  readonly programs: readonly ProgramClosure[];
  /** For each object, what was loaded for it, in whichever programs: paths without links. */
  readonly needs: ReadonlyMap<ByteString, ReadonlySet<ByteString>>;
  readonly findings: readonly ClosureFinding[];
  /** Whether there is no finding. Says nothing when there are no programs. */
  readonly ok: boolean;
}
