// SPDX-License-Identifier: MIT
import type { NodeType } from "../../rootfs/root-filesystem.ts";

/**
 * A rule that images have to keep, as a plain value. Paths are absolute in the image's root; links among their
 * parents are followed inside it. A pattern has `*`, `?`, `[…]`, `{a,b}` and `**` as a whole component.
 */
export type Policy =
  | LinksPolicy
  | ArchitecturePolicy
  | PresentPolicy
  | AbsentPolicy
  | StrippedPolicy
  | LibraryPrecedencePolicy
  | PrivilegesPolicy
  | OwnersPolicy
  | DanglingLinksPolicy
  | WorldWritablePolicy
  | ConfigurationPolicy
  | EnvironmentPolicy
  | ParityPolicy
  | ProvenancePolicy
  | SizePolicy;

interface Named {
  /** What findings call it. */
  readonly name: string;
  /** Of its findings. Default: `error`. */
  readonly severity?: "error" | "note" | undefined;
  readonly exempt?: readonly Exemption[] | undefined;
}

/** What a policy does not hold for, and why. One that matches nothing is noted. */
export interface Exemption {
  /** A pattern of paths; of names, where the policy is about variables, labels or keys. */
  readonly path: string;
  readonly reason: string;
}

/** Where links end, and what they lead over. */
export interface LinksPolicy extends Named {
  readonly kind: "links";
  readonly links: readonly {
    readonly path: string;
    /** Both are resolved and must end at the same file. Where the path ends at a wrapper, its `.real` counts too. */
    readonly target: string;
    /** Paths that the chain has to lead over, in this order, as `/etc/alternatives/cc`. */
    readonly through?: readonly string[] | undefined;
  }[];
}

/** Every ELF object in a tree is for one machine. */
export interface ArchitecturePolicy extends Named {
  readonly kind: "architecture";
  readonly trees: readonly {
    readonly path: string;
    /** As image configurations name it. Default: the image's own. One that is given makes it a tree of its own, whose programs are not followed. */
    readonly architecture?: string | undefined;
  }[];
}

/** What has to be there. */
export interface PresentPolicy extends Named {
  readonly kind: "present";
  readonly paths: readonly {
    /** A path or a pattern. Links are followed; one that leads nowhere is not there. */
    readonly path: string;
    /** How many have to match. Default: 1. */
    readonly atLeast?: number | undefined;
    /** Whether each file must have content, and each directory a file with content. */
    readonly nonEmpty?: boolean | undefined;
    readonly type?: NodeType | undefined;
  }[];
}

/** What must not be there. */
export interface AbsentPolicy extends Named {
  readonly kind: "absent";
  readonly paths: readonly string[];
}

/** ELF objects without a symbol table. */
export interface StrippedPolicy extends Named {
  readonly kind: "stripped";
  readonly paths: readonly string[];
}

/** Directories of libraries that the loader's configuration has before all others. */
export interface LibraryPrecedencePolicy extends Named {
  readonly kind: "library-precedence";
  readonly directories: readonly string[];
}

/** The inventory of files that run with other privileges than who starts them: setuid, setgid, capabilities. */
export interface PrivilegesPolicy extends Named {
  readonly kind: "privileges";
  readonly allowed: readonly string[];
}

/** Whom trees belong to, whole. */
export interface OwnersPolicy extends Named {
  readonly kind: "owners";
  readonly trees: readonly { readonly path: string; readonly uid: number; readonly gid: number }[];
}

/** No symbolic link leads nowhere. */
export interface DanglingLinksPolicy extends Named {
  readonly kind: "dangling-links";
  /** Default: everywhere. */
  readonly below?: readonly string[] | undefined;
}

/** Nothing may be written by everybody, but directories with the sticky bit. */
export interface WorldWritablePolicy extends Named {
  readonly kind: "world-writable";
  readonly below?: readonly string[] | undefined;
}

/** A command of the configuration. */
export type CommandRole = "entrypoint" | "cmd" | "healthcheck";

/** What the configuration of the image says. */
export interface ConfigurationPolicy extends Named {
  readonly kind: "configuration";
  /** Commands that have to be set, and whose first word is a program that is there and executable. */
  readonly programs?: readonly CommandRole[] | undefined;
  readonly user?: string | undefined;
  /** Must be a directory of the image. */
  readonly workdir?: string | undefined;
  readonly volumes?: readonly string[] | undefined;
  /** By key: a pattern of the value. `*` and `?` match slashes too. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Whether every directory of the PATH has to be there. */
  readonly searchPath?: boolean | undefined;
}

/** What the environment of the image says. */
export interface EnvironmentPolicy extends Named {
  readonly kind: "environment";
  readonly values?: Readonly<Record<string, string>> | undefined;
  /** Values that variables have if they are there at all. */
  readonly agrees?: Readonly<Record<string, string>> | undefined;
  /** Patterns of `NAME=value`, or of a name alone. */
  readonly forbidden?: readonly string[] | undefined;
}

/** The paths that match are the same for all architectures that are verified together. */
export interface ParityPolicy extends Named {
  readonly kind: "parity";
  /** Names of the architecture in a path (`riscv64-linux-gnu`) are taken for the same. */
  readonly paths: readonly string[];
}

/** Annotations of the manifest, or labels, that say where the image comes from. */
export interface ProvenancePolicy extends Named {
  readonly kind: "provenance";
  readonly keys: readonly string[];
}

/** Budgets in bytes. */
export interface SizePolicy extends Named {
  readonly kind: "size";
  /** All layers together, as they are transferred. */
  readonly image?: number | undefined;
  /** Each layer, as it is transferred. */
  readonly layer?: number | undefined;
  /** The contents of files in a tree, a file of several names once. */
  readonly trees?: readonly { readonly path: string; readonly most: number }[] | undefined;
}
