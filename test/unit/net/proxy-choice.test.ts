import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/core/failure.ts';
import { bypasses, proxyFor } from '../../../src/net/proxy-choice.ts';
import { plainOptions } from './loopback.ts';

const to = (host: string, port = 443) => ({ secure: true, host, port });

describe('NO_PROXY', () => {
  it.each([
    ['*', 'any.example', 443],
    ['example.com', 'example.com', 443],
    ['example.com', 'mlflow.example.com', 443],
    ['.example.com', 'mlflow.example.com', 443],
    ['.example.com', 'example.com', 443],
    ['EXAMPLE.com', 'mlflow.example.COM', 443],
    ['a.b, example.com', 'example.com', 443],
    ['a.b example.com', 'example.com', 443],
    ['example.com:8443', 'example.com', 8443],
    ['127.0.0.1', '127.0.0.1', 443],
    ['10.0.0.0/8', '10.1.2.3', 443],
    ['::1', '::1', 443],
    ['[::1]:5000', '::1', 5000],
  ])('%j reaches %s:%d directly', (list, host, port) => {
    expect(bypasses(list, to(host, port))).toBe(true);
  });

  it.each([
    [undefined, 'example.com', 443],
    ['', 'example.com', 443],
    ['example.com', 'notexample.com', 443],
    ['example.com', 'example.com.evil.net', 443],
    ['example.com:8443', 'example.com', 443],
    ['0.0.1', '127.0.0.1', 443],
    ['10.0.0.0/8', '11.1.2.3', 443],
    ['10.0.0.0/99', '10.1.2.3', 443],
    ['10.0.0.0/8', 'ten.example', 443],
  ])('%j leaves %s:%d to the proxy', (list, host, port) => {
    expect(bypasses(list, to(host, port))).toBe(false);
  });
});

describe('proxyFor', () => {
  it('chooses by scheme and accepts a proxy without one', () => {
    const options = { ...plainOptions, httpsProxy: 'proxy:3128', httpProxy: 'http://other:8080' };
    expect(proxyFor(to('a.example'), options)?.href).toBe('http://proxy:3128/');
    expect(proxyFor({ ...to('a.example'), secure: false }, options)?.href).toBe('http://other:8080/');
    expect(proxyFor(to('a.example'), { ...options, noProxy: 'a.example' })).toBeUndefined();
    expect(proxyFor(to('a.example'), { ...plainOptions, httpsProxy: '' })).toBeUndefined();
  });

  it.each([
    ['socks5://proxy:1080', 'unsupported'],
    ['http://', 'misconfigured'],
  ])('refuses %s as %s', (httpsProxy, kind) => {
    let failure: unknown;
    try {
      proxyFor(to('a.example'), { ...plainOptions, httpsProxy });
    } catch (thrown) {
      failure = thrown;
    }
    expect(failure).toBeInstanceOf(Failure);
    expect((failure as Failure).kind).toBe(kind);
    expect((failure as Failure).message).toContain('HTTPS_PROXY');
  });
});
