// SPDX-License-Identifier: MIT
import type { ContentStore, ReadableStore } from "../../store/store.ts";

/** The functions that the suite needs from a test runner. vitest, jest, mocha and node:test have them. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/** An empty store of the kind under test. */
export interface StoreFixture {
  readonly store: ContentStore;
  /** Frees the resources of {@link StoreContract.open}. Called once, at the end of each test. */
  close(): Promise<void>;
  /**
   * Completes the store if necessary, and opens its content again as a new store. Absent for a store that
   * does not last.
   */
  reread?(): Promise<{ readonly store: ReadableStore; close(): Promise<void> }>;
}

/** A kind of store, and what it does not support. */
export interface StoreContract {
  readonly name: string;
  open(): Promise<StoreFixture>;
  /** Whether content may be named by sha512. Default: true. */
  readonly sha512?: boolean | undefined;
  /**
   * Whether an upload can be continued after a part broke off. In distribution 2.8 it can't: it stores bytes
   * that its own record of the upload does not count. Default: true.
   */
  readonly resumesBroken?: boolean | undefined;
  /** Whether a tag can be removed without its content. Some registries can't do that. Default: true. */
  readonly untag?: boolean | undefined;
}

/** Declares a test that gets its own store. */
export type Declare = (
  name: string,
  body: (store: ContentStore, fixture: StoreFixture) => Promise<void>,
) => void;
