// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Node, NodeType } from "../../rootfs/root-filesystem.ts";
import type { DiskNode } from "../disk-node.ts";
import { isEnvironmentLabel } from "../xattrs/environment-labels.ts";
import { parseRootlessOwner, ROOTLESS_OWNER } from "../xattrs/rootless-owner.ts";
import { hasSameContent, isSameInode, type RecordedPath } from "./recorded-tree.ts";

/** Translates the owner numbers of the disk to those of the image. */
export interface Owners {
  /** The number in the image for a number on the disk, when nothing is recorded. */
  uid(disk: number): number;
  gid(disk: number): number;
}

/** What all nodes of an unpacked directory have in common. */
export interface NodeRules {
  readonly owners: Owners;
  /** Whether to read contents even if the record shows that they did not change. */
  readonly readContents: boolean;
}

const EMPTY = "" as ByteString;
const NOTHING: ReadonlyMap<ByteString, ByteString> = new Map();

/**
 * A node of an unpacked directory. Each field separately has its recorded value as long as the disk shows
 * the same as when it was proven; otherwise it has the disk's value.
 */
export class UnpackedNode implements Node {
  readonly #disk: DiskNode;
  readonly #recorded: RecordedPath | undefined;
  readonly #rules: NodeRules;
  readonly #isPlaceholder: boolean;
  #xattrs: ReadonlyMap<ByteString, ByteString> | undefined;
  #owner: { readonly uid: number; readonly gid: number } | undefined;

  constructor(disk: DiskNode, recorded: RecordedPath | undefined, rules: NodeRules) {
    this.#disk = disk;
    const placed = recorded?.placed;
    const isSameType = placed?.type === disk.type;
    this.#isPlaceholder =
      placed?.held.includes("type") === true &&
      isSameType &&
      disk.size === 0 &&
      placed.mtimeNs === disk.stamp.mtimeNs;
    // The record no longer applies to a file in place of a directory, nor to a changed file in place of a device.
    const isKnown = isSameType && (this.#isPlaceholder || recorded?.node.type === disk.type);
    this.#recorded = isKnown ? recorded : undefined;
    this.#rules = rules;
  }

  get type(): NodeType {
    return this.#isPlaceholder ? this.#recorded!.node.type : this.#disk.type;
  }
  get mode(): number {
    return this.#recorded?.placed.mode === this.#disk.mode
      ? this.#recorded.node.mode
      : this.#disk.mode;
  }
  get uid(): number {
    return this.#owners().uid;
  }
  get gid(): number {
    return this.#owners().gid;
  }
  get userName(): ByteString {
    const node = this.#recorded?.node;
    return node?.uid === this.uid ? node.userName : EMPTY;
  }
  get groupName(): ByteString {
    const node = this.#recorded?.node;
    return node?.gid === this.gid ? node.groupName : EMPTY;
  }
  get mtime(): number {
    return this.#hasTime() ? this.#recorded!.node.mtime : this.#disk.mtime;
  }
  get mtimeNanoseconds(): number {
    return this.#hasTime() ? this.#recorded!.node.mtimeNanoseconds : this.#disk.mtimeNanoseconds;
  }
  get size(): number {
    return this.#disk.size;
  }
  get linkTarget(): ByteString {
    return this.#disk.linkTarget;
  }
  get deviceMajor(): number {
    return this.#isPlaceholder ? this.#recorded!.node.deviceMajor : this.#disk.deviceMajor;
  }
  get deviceMinor(): number {
    return this.#isPlaceholder ? this.#recorded!.node.deviceMinor : this.#disk.deviceMinor;
  }
  get xattrs(): ReadonlyMap<ByteString, ByteString> {
    this.#xattrs ??= this.#readXattrs();
    return this.#xattrs;
  }
  get extensions(): ReadonlyMap<ByteString, ByteString> {
    return this.#recorded?.node.extensions ?? NOTHING;
  }
  get contentDigest(): Digest | undefined {
    if (this.type !== "file") return undefined;
    return this.#isTrusted() ? this.#recorded!.node.contentDigest : this.#disk.contentDigest;
  }
  get linkCount(): number {
    return this.#disk.linkCount;
  }
  get head(): ByteString | undefined {
    return this.#isPlaceholder ? undefined : this.#disk.head;
  }

  /** Whether it is still what was unpacked, content included, judged by inode, size and times. */
  get isUntouched(): boolean {
    const placed = this.#recorded?.placed;
    return placed !== undefined && hasSameContent(placed, this.#disk.stamp);
  }

  /**
   * Whether it is what was unpacked but has another size although nobody changed it: the disk lost some of
   * what was recorded, as after a power cut.
   */
  get isTorn(): boolean {
    const placed = this.#recorded?.placed;
    const { stamp } = this.#disk;
    return (
      placed !== undefined &&
      isSameInode(placed, stamp) &&
      placed.size !== stamp.size &&
      stamp.ctimeNs <= placed.ctimeNs
    );
  }

  /** Whether the time of change shows that nothing changed. It covers attributes too, so they need not be read. */
  #isTrusted(): boolean {
    return this.isUntouched && !this.#rules.readContents;
  }

  #hasTime(): boolean {
    return this.#recorded?.placed.mtimeNs === this.#disk.stamp.mtimeNs;
  }

  #owners(): { readonly uid: number; readonly gid: number } {
    this.#owner ??= this.#findOwner();
    return this.#owner;
  }

  #findOwner(): { readonly uid: number; readonly gid: number } {
    if (this.#isTrusted()) return this.#recorded!.node;
    const value = this.#canHoldOwner() ? this.#disk.xattrs.get(ROOTLESS_OWNER) : undefined;
    const written =
      value === undefined || this.#isOfImage(ROOTLESS_OWNER, value)
        ? undefined
        : parseRootlessOwner(value);
    if (written !== undefined) return written;
    const { owners } = this.#rules;
    const { uid, gid } = this.#disk;
    const recorded = this.#recorded;
    return {
      uid: recorded?.placed.uid === uid ? recorded.node.uid : owners.uid(uid),
      gid: recorded?.placed.gid === gid ? recorded.node.gid : owners.gid(gid),
    };
  }

  /** Linux stores `user.` attributes only on files and directories: asking others for them would only take time. */
  #canHoldOwner(): boolean {
    return this.#disk.type === "file" || this.#disk.type === "directory";
  }

  /** Whether an attribute on the disk is one of the image itself that there looks like the record of an owner. */
  #isOfImage(name: ByteString, value: ByteString): boolean {
    const held = this.#recorded?.placed.heldXattrs;
    return held?.has(name) === true && held.get(name) === value;
  }

  #readXattrs(): ReadonlyMap<ByteString, ByteString> {
    if (this.#isTrusted()) return this.#recorded!.node.xattrs;
    const shown = this.#disk.xattrs;
    const held = this.#recorded?.placed.heldXattrs;
    if (shown.size === 0 && (held === undefined || held.size === 0)) return NOTHING;
    const xattrs = new Map<ByteString, ByteString>();
    for (const [name, value] of shown) {
      const isOwner = name === ROOTLESS_OWNER && parseRootlessOwner(value) !== undefined;
      if (!isEnvironmentLabel(name) && !isOwner) xattrs.set(name, value);
    }
    for (const [name, value] of held ?? NOTHING) {
      const isAsProven = isEnvironmentLabel(name) || shown.get(name) === value;
      const recorded = this.#recorded!.node.xattrs.get(name);
      if (isAsProven && recorded !== undefined) xattrs.set(name, recorded);
    }
    return new Map([...xattrs].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
