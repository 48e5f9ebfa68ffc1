// SPDX-License-Identifier: MIT

/** A file, directory or link, to which names lead. */
export interface Inode {
  readonly id: number;
  readonly kind: "file" | "directory" | "link";
  /** The target, if it is a link. */
  readonly target?: string | undefined;
}

/** One change to a disk, as the program made it. Changes are numbered from 1. */
export type Change = { readonly at: number } & (
  | {
      readonly kind: "write";
      readonly inode: Inode;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: "truncate"; readonly inode: Inode; readonly size: number }
  | NameChange
  /** All changes of the inode, or of everything, up to the number `covers` are on the disk. */
  | { readonly kind: "sync"; readonly inode: Inode | "everything"; readonly covers: number }
);

/** A name in a directory that now leads to another inode, or to none. */
export interface NameChange {
  readonly at: number;
  readonly kind: "name";
  readonly inode: Inode;
  readonly name: string;
  readonly to: Inode | undefined;
  /**
   * The new name, if this change removes the old name of a rename: no disk loses the old name before it has
   * the new one.
   */
  readonly after?: NameChange | undefined;
}

/** A change that has no number yet. */
export type NewChange = Change extends infer Kind
  ? Kind extends Change
    ? Omit<Kind, "at">
    : never
  : never;

/** Everything that happened to a disk since only its root existed. */
export interface DiskLog {
  readonly root: Inode;
  readonly changes: readonly Change[];
  readonly inodes: readonly Inode[];
}

/** A log that can still grow. */
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
