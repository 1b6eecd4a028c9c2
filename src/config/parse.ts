import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { parseBytes } from '../core/bytes.ts';
import { parseDuration } from '../core/duration.ts';
import type { SettingDeclaration } from './setting.ts';

/** What reading one value needs to know about where it was written. */
export interface Place {
  readonly home: string;
  /** The directory that relative paths count from. */
  readonly base: string;
  /** Whether `50M` and `1h30m` are understood: not in variables whose grammar is another program's. */
  readonly suffixes: boolean;
}

/** A value, or the rest of the sentence "KEY is …" that says why there is none. It never quotes the value. */
export type Parsed = { readonly value: unknown } | { readonly problem: string };

type Of<T extends SettingDeclaration['type']> = Extract<SettingDeclaration, { readonly type: T }>;

function plain(raw: unknown): string | undefined {
  if (typeof raw === 'string') return raw.trim();
  return typeof raw === 'number' || typeof raw === 'boolean' ? String(raw) : undefined;
}

function parseText(raw: unknown): Parsed {
  const text = plain(raw);
  return text === undefined ? { problem: 'not a text' } : { value: text };
}

function parsePath(raw: unknown, place: Place): Parsed {
  const text = plain(raw);
  if (text === undefined || text === '' || text.includes('\0')) return { problem: 'not a path' };
  if (text === '~' || text.startsWith('~/')) return { value: join(place.home, text.slice(1)) };
  return { value: isAbsolute(text) ? text : resolve(place.base, text) };
}

function parseUrl(raw: unknown): Parsed {
  const text = plain(raw);
  // The URL parser would also take `http:host` and `http:/host`.
  const valid = text !== undefined && /^https?:\/\/[^/?#]/i.test(text) && URL.canParse(text);
  return valid ? { value: text } : { problem: 'not an http(s) URL with a host' };
}

function inRange(
  value: number,
  facts: { readonly min?: number; readonly max?: number },
  unit: string,
): Parsed {
  if (facts.min !== undefined && value < facts.min) return { problem: `below ${facts.min}${unit}` };
  if (facts.max !== undefined && value > facts.max) return { problem: `above ${facts.max}${unit}` };
  return { value };
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function parseNumber(raw: unknown, declaration: Of<'integer' | 'number'>): Parsed {
  const text = typeof raw === 'boolean' ? undefined : plain(raw);
  const value = text !== undefined && DECIMAL.test(text) ? Number(text) : Number.NaN;
  const fits = declaration.type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (!fits) return { problem: declaration.type === 'integer' ? 'not a whole number' : 'not a number' };
  return inRange(value, declaration, '');
}

function parseBoolean(raw: unknown): Parsed {
  const text = plain(raw)?.toLowerCase() ?? '';
  if (text === 'true' || text === '1') return { value: true };
  if (text === 'false' || text === '0') return { value: false };
  return { problem: 'neither true, false, 1 nor 0' };
}

function attempt(parse: () => number): number {
  try {
    return parse();
  } catch {
    return Number.NaN;
  }
}

function parseSize(raw: unknown, declaration: Of<'bytes'>, place: Place): Parsed {
  const text = typeof raw === 'boolean' ? '' : (plain(raw) ?? '');
  const value = place.suffixes || /^\d+$/.test(text) ? attempt(() => parseBytes(text)) : Number.NaN;
  if (!Number.isSafeInteger(value)) {
    return {
      problem: place.suffixes ? 'not a number of bytes, nor a size such as 50M' : 'not a number of bytes',
    };
  }
  const step = declaration.multipleOf;
  if (step !== undefined && value % step !== 0) return { problem: `not a multiple of ${step} bytes` };
  return inRange(value, declaration, ' bytes');
}

function parseTime(raw: unknown, declaration: Of<'duration'>, place: Place): Parsed {
  const text = typeof raw === 'boolean' ? '' : (plain(raw) ?? '');
  const unit = declaration.unit === 's' ? 'seconds' : 'milliseconds';
  const unitMs = declaration.unit === 's' ? 1000 : 1;
  if (declaration.minusOne !== undefined && text === '-1') return { value: Number.POSITIVE_INFINITY };
  const isBare = DECIMAL.test(text);
  const spelled = place.suffixes && !isBare ? attempt(() => parseDuration(text)) : Number.NaN;
  const ms = isBare ? Math.round(Number(text) * unitMs) : spelled;
  if (!Number.isSafeInteger(ms)) {
    return { problem: `not a number of ${unit}${place.suffixes ? ', nor a duration such as 1h30m' : ''}` };
  }
  const max = declaration.max ?? Number.MAX_SAFE_INTEGER;
  const checked = inRange(ms / unitMs, { min: 0, max: max / unitMs }, ` ${unit}`);
  return 'problem' in checked ? checked : { value: ms };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(raw: unknown): Parsed {
  let value: unknown = raw;
  if (typeof raw === 'string') {
    try {
      value = JSON.parse(raw);
    } catch {
      return { problem: 'not valid JSON' };
    }
  }
  return isObject(value) ? { value } : { problem: 'not a JSON object' };
}

function parseList(raw: unknown, declaration: Of<'list'>, place: Place): Parsed {
  const separator = declaration.separator === 'path' ? delimiter : declaration.separator;
  const parts: readonly unknown[] = Array.isArray(raw)
    ? raw
    : typeof raw === 'string'
      ? raw.split(separator)
      : [raw];
  const entries = parts.map(plain);
  if (entries.includes(undefined)) return { problem: 'not a list of texts' };
  const texts = entries.filter((entry): entry is string => entry !== undefined && entry !== '');
  if (declaration.separator !== 'path') return { value: texts };
  const paths: unknown[] = [];
  for (const text of texts) {
    const parsed = parsePath(text, place);
    if ('problem' in parsed) return parsed;
    paths.push(parsed.value);
  }
  return { value: paths };
}

function parseEnum(raw: unknown, declaration: Of<'enum'>): Parsed {
  const text = plain(raw)?.toLowerCase();
  const value = declaration.values.find((candidate) => candidate.toLowerCase() === text);
  return value === undefined ? { problem: `none of ${declaration.values.join(', ')}` } : { value };
}

/** Reads one written value as its declaration says. An empty text is a problem: callers drop what counts as unset. */
export function parseSetting(raw: unknown, declaration: SettingDeclaration, place: Place): Parsed {
  if (raw === '') return { problem: 'empty' };
  switch (declaration.type) {
    case 'string':
      return parseText(raw);
    case 'url':
      return parseUrl(raw);
    case 'path':
      return parsePath(raw, place);
    case 'integer':
    case 'number':
      return parseNumber(raw, declaration);
    case 'boolean':
      return parseBoolean(raw);
    case 'presence':
      return typeof raw === 'boolean' ? { value: raw } : { value: true };
    case 'bytes':
      return parseSize(raw, declaration, place);
    case 'duration':
      return parseTime(raw, declaration, place);
    case 'json':
      return parseJson(raw);
    case 'list':
      return parseList(raw, declaration, place);
    case 'enum':
      return parseEnum(raw, declaration);
  }
}
