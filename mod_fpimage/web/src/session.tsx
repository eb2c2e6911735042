/** Who is signed in. The cookie is the browser's, one for all its tabs, and cannot be read here; this holds what the server says
 *  of it, and notices when it is another's by now. */
import { createContext, useContext } from 'react'
import { ApiError, call, query, setCsrf } from './api/client'
import type { Session, Tenant } from './api/types'
import type { Place } from './router'
import { read } from './words'

export const DOMAIN = 'fpimage.domain'

/** Of whom, and what for: a session of the same says the same. */
const whose = (session: Session) => [session.kind ?? 'PERSON', session.tenant?.domain, session.user.user_id, session.bill_ids?.join()].join(' ')

let own = ''

/** This page is of that session from now on. */
export function hold(session: Session) {
  own = whose(session)
  setCsrf(session.csrf_token)
}

/** What a session may do stands beside the user where it is less than what he may. */
function take(session: Session): Session {
  hold(session)
  return { ...session, user: { ...session.user, permissions: session.permissions ?? session.user.permissions ?? [] } }
}

async function lookUp(): Promise<Session | null> {
  try {
    return await call<Session>('/api/v1/session', { isSession: true })
  } catch (bad) {
    if (bad instanceof ApiError && bad.status === 401) return null
    throw bad
  }
}

/** Those of links and phones are no sessions of the console. */
export async function findSession(): Promise<Session | null> {
  const found = await lookUp()
  return found && (found.kind ?? 'PERSON') === 'PERSON' ? take(found) : null
}

/** The session behind the cookie as far as it is another one than this page's; null: this page may go on. */
export async function findOther(): Promise<Session | null> {
  const now = await lookUp()
  if (now && whose(now) !== own) return now
  if (now) hold(now)
  return null
}

export async function signIn(login: string, password: string, domain: string): Promise<Session> {
  const session = await call<Session>('/api/v1/session', { body: { login, password, ...(domain ? { domain } : {}) }, isSession: true })
  return take(session)
}

export async function signOut(): Promise<void> {
  await call('/api/v1/session', { method: 'DELETE', isSession: true })
  setCsrf('')
}

export async function changePassword(old: string, next: string): Promise<void> {
  const answer = await call<Partial<Session>>('/api/v1/session/password', { method: 'PUT', body: { old, new: next }, isSession: true })
  if (answer.csrf_token) setCsrf(answer.csrf_token)
}

/** Of the address, on the login page only; else the one that was signed in with last. */
export function domainOf({ page, params }: Place): string {
  return (page === 'login' ? params.get('domain') : null) ?? read(DOMAIN) ?? ''
}

/** null: there is none of this domain. */
export async function findTenant(domain: string): Promise<Tenant | null> {
  try {
    return await call<Tenant>('/api/v1/tenant' + query({ domain }), { isSession: true })
  } catch (bad) {
    if (bad instanceof ApiError && bad.status === 404) return null
    throw bad
  }
}

export interface Who {
  session: Session
  may: (permission: string) => boolean
}

export const WhoContext = createContext<Who | null>(null)

export function useWho(): Who {
  const who = useContext(WhoContext)
  if (!who) throw new Error('nobody is signed in here')
  return who
}
