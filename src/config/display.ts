import { delimiter } from 'node:path';
import { formatDuration } from '../core/duration.ts';
import { HIDDEN, redactUri } from '../core/redact.ts';
import type { SettingDeclaration } from './setting.ts';

const SECRET_NAME = /customerkey$|secret|password|passphrase|token|credential/i;

function hideMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideMembers);
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string' ? redactUri(value) : value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      SECRET_NAME.test(name) ? HIDDEN : hideMembers(member),
    ]),
  );
}

function asText(value: unknown): string {
  if (typeof value === 'string') return redactUri(value);
  return JSON.stringify(hideMembers(value));
}

/** A resolved value as it may be shown: one line, secrets as `***`, passwords in URIs replaced. */
export function displayValue(value: unknown, declaration: SettingDeclaration): string {
  if (declaration.secret) return HIDDEN;
  if (declaration.type === 'duration' && typeof value === 'number') {
    return Number.isFinite(value) ? formatDuration(value) : 'no limit';
  }
  if (declaration.type === 'list' && Array.isArray(value)) {
    return value.map(asText).join(declaration.separator === 'path' ? delimiter : declaration.separator);
  }
  return asText(value);
}

/** A value as it was written, malformed or not, as it may be shown. */
export function displayRaw(raw: unknown, declaration: SettingDeclaration): string {
  return declaration.secret || declaration.type === 'json' ? HIDDEN : asText(raw);
}
