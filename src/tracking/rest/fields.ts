import { Failure } from '../../core/failure.ts';

/** A JSON object as a server sent it: nothing about its members is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A member that is an object; an empty one when it is absent. */
export function object(from: JsonObject, key: string): JsonObject {
  const value = from[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** A member that is a list of objects; MLflow leaves empty lists out. */
export function objects(from: JsonObject, key: string): readonly JsonObject[] {
  const value = from[key];
  return Array.isArray(value)
    ? (value as unknown[]).filter((item) => typeof item === 'object').map((item) => item as JsonObject)
    : [];
}

/** A member that is text, or a number where an older server sends one; undefined when it is absent. */
export function text(from: JsonObject, key: string): string | undefined {
  const value = from[key];
  return typeof value === 'number' ? String(value) : typeof value === 'string' ? value : undefined;
}

/** A number, also as text: protobuf's JSON writes int64 and NaN so. */
export function number(from: JsonObject, key: string): number | undefined {
  const value = from[key];
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value === '') return undefined;
  const parsed = Number(value);
  return Number.isNaN(parsed) && value !== 'NaN' ? undefined : parsed;
}

/**
 * Text that must be there.
 * @throws Failure corrupt
 */
export function required(from: JsonObject, key: string, subject: string): string {
  const value = text(from, key);
  if (value !== undefined) return value;
  throw new Failure({ kind: 'corrupt', message: `the tracking server's answer has no ${key}`, subject });
}

/** `[{key, value}]` as a record. */
export function keyed(from: JsonObject, key: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    objects(from, key).map((item) => [text(item, 'key') ?? '', text(item, 'value') ?? '']),
  );
}

/** An object without its undefined members. */
export function present<T extends object>(members: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}
