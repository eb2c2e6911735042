/** Addresses below /imgsys-web/: the first segment names the page, the rest and the query are the page's. */
import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from 'react'

export const ROOT = '/imgsys-web'

const heard = new Set<() => void>()
const tell = () => heard.forEach(one => one())
window.addEventListener('popstate', tell)

export interface Place { page: string; rest: string[]; params: URLSearchParams }

/** Addresses are typed by people: what is no UTF-8 stays as it is. */
function plain(segment: string): string {
  try { return decodeURIComponent(segment) } catch { return segment }
}

export function placeOf(href: string): Place {
  const at = new URL(href, location.origin)
  const [page, ...rest] = at.pathname.slice(ROOT.length).split('/').filter(Boolean).map(plain)
  return { page: page ?? '', rest, params: at.searchParams }
}

export function usePlace(): Place {
  const href = useSyncExternalStore(tellMe => { heard.add(tellMe); return () => { heard.delete(tellMe) } }, () => location.href)
  return placeOf(href)
}

export function go(to: string, how: 'push' | 'replace' = 'push') {
  const next = ROOT + to
  if (next === location.pathname + location.search) return
  if (how === 'push') history.pushState(null, '', next)
  else history.replaceState(null, '', next)
  tell()
}

/** Another query for the page that is shown; empty values fall away. */
export function setParams(change: Record<string, string | undefined>, how: 'push' | 'replace' = 'replace') {
  const params = new URLSearchParams(location.search)
  for (const [name, value] of Object.entries(change)) {
    if (value) params.set(name, value)
    else params.delete(name)
  }
  const text = params.toString()
  go(location.pathname.slice(ROOT.length) + (text ? '?' + text : ''), how)
}

export function Link({ to, onClick, ...rest }: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event)
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    go(to)
  }
  return <a href={ROOT + to} onClick={follow} {...rest} />
}
