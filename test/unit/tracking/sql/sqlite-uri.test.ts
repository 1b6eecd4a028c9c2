import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../../src/core/failure.ts';
import { parseSqliteUri } from '../../../../src/tracking/sql/sqlite-uri.ts';

describe('a SQLite URI', () => {
  it.each([
    ['sqlite:///mlflow.db', { path: '/cwd/mlflow.db', readOnly: false }],
    ['sqlite:///sub/../m.db', { path: '/cwd/m.db', readOnly: false }],
    ['sqlite:////abs/m.db', { path: '/abs/m.db', readOnly: false }],
    ['sqlite:////a%20b/%C3%BC.db', { path: '/a b/ü.db', readOnly: false }],
    ['sqlite:///100%25%.db', { path: '/cwd/100%%.db', readOnly: false }],
    ['sqlite:///%ff.db', { path: '/cwd/%ff.db', readOnly: false }],
    ['sqlite:///a+b#c.db', { path: '/cwd/a+b#c.db', readOnly: false }],
    ['sqlite+pysqlite:///m.db', { path: '/cwd/m.db', readOnly: false }],
    ['sqlite:///m.db?mode=ro', { path: '/cwd/m.db', readOnly: true }],
    ['sqlite:///m.db?timeout=1.5&mode=rw', { path: '/cwd/m.db', readOnly: false, patienceMs: 1500 }],
  ])('%s', (uri, target) => {
    expect(parseSqliteUri(uri, '/cwd')).toEqual(target);
  });

  it.each([
    'sqlite://',
    'sqlite:///',
    'sqlite:///:memory:',
    'sqlite://host/m.db',
    'sqlite:///m.db?mode=memory',
    'sqlite:///m.db?timeout=soon',
    'sqlite:///m.db?cache=shared',
    'sqlite:m.db',
  ])('%s is refused with a sentence', (uri) => {
    expect(() => parseSqliteUri(uri, '/cwd')).toThrow(
      expect.objectContaining({ kind: 'misconfigured' }) as Failure,
    );
  });
});
