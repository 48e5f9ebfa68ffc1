// SPDX-License-Identifier: MIT
import type { ContentStore, ReadableStore } from "../../store/store.ts";

/** What the suite needs of a test runner: vitest, jest, mocha and node:test all have it. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/** An empty store of the kind under test. */
export interface StoreFixture {
  readonly store: ContentStore;
  /** Frees what {@link StoreContract.open} took; called once, at the end of each test. */
  close(): Promise<void>;
  /** The same content through a new store, after whatever completes it: for what must last. */
  reread?(): Promise<{ readonly store: ReadableStore; close(): Promise<void> }>;
}

/** A kind of store, and what it can't do. */
export interface StoreContract {
  readonly name: string;
  open(): Promise<StoreFixture>;
  /** Whether content may be named by sha512. True unless told. */
  readonly sha512?: boolean | undefined;
  /** Whether the far side lets a tag go without its content, as some registries do not. True unless told. */
  readonly untag?: boolean | undefined;
}

/** Declares a test that gets a store of its own. */
export type Declare = (
  name: string,
  body: (store: ContentStore, fixture: StoreFixture) => Promise<void>,
) => void;
