// SPDX-License-Identifier: MIT

/** What a name can lead to. */
export interface Inode {
  readonly id: number;
  readonly kind: "file" | "directory" | "link";
  /** Of a link. */
  readonly target?: string | undefined;
}

/** One change of a disk, as the program made it. Numbers of changes start at 1. */
export type Change = { readonly at: number } & (
  | {
      readonly kind: "write";
      readonly inode: Inode;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: "truncate"; readonly inode: Inode; readonly size: number }
  | NameChange
  /** All that was changed of an inode, or of everything, up to a number is on the disk. */
  | { readonly kind: "sync"; readonly inode: Inode | "everything"; readonly covers: number }
);

/** A name of a directory that leads somewhere else now, or nowhere. */
export interface NameChange {
  readonly at: number;
  readonly kind: "name";
  readonly inode: Inode;
  readonly name: string;
  readonly to: Inode | undefined;
  /** The other half of a rename: no disk loses the old name before it has the new one. */
  readonly after?: NameChange | undefined;
}

/** A change before it has a number. */
export type NewChange = Change extends infer Kind
  ? Kind extends Change
    ? Omit<Kind, "at">
    : never
  : never;

/** All that happened to a disk since it was empty but for its root. */
export interface DiskLog {
  readonly root: Inode;
  readonly changes: readonly Change[];
  readonly inodes: readonly Inode[];
}

/** A log that is being written. */
export interface OpenDiskLog extends DiskLog {
  add(change: NewChange): Change;
  make(kind: Inode["kind"], target?: string): Inode;
  /** The number of the last change. */
  now(): number;
}

export function createDiskLog(): OpenDiskLog {
  const changes: Change[] = [];
  const inodes: Inode[] = [];
  const make = (kind: Inode["kind"], target?: string): Inode => {
    const inode = { id: inodes.length, kind, target };
    inodes.push(inode);
    return inode;
  };
  return {
    root: make("directory"),
    changes,
    inodes,
    make,
    add(change) {
      const numbered = { ...change, at: changes.length + 1 } as Change;
      changes.push(numbered);
      return numbered;
    },
    now: () => changes.length,
  };
}
