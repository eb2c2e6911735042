/** The page as a whole: its looks, who is signed in, and which page the address names. */
import { App as Ant, ConfigProvider, theme } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { onLoginNeeded, query } from './api/client'
import type { Session } from './api/types'
import { Login, LoginOver } from './pages/Login'
import { nonce } from './nonce'
import { MustChange } from './pages/Password'
import { Boundary, Failure } from './parts/Failure'
import { OtherSession } from './parts/OtherSession'
import { Page } from './parts/Page'
import { pages } from './pages'
import { go, Link, usePlace } from './router'
import { findSession, WhoContext } from './session'
import { Shell } from './Shell'
import { currentLang, keep, type Lang, read, say, setLang } from './words'

const View = lazy(() => import('./pages/View'))
const Phone = lazy(() => import('./pages/Phone'))
const THEME = 'fpimage.theme'

export type Look = 'light' | 'dark'

function useLook(): [Look, (next: Look) => void] {
  const [look, set] = useState<Look>(() => {
    const kept = read(THEME)
    if (kept === 'light' || kept === 'dark') return kept
    return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  })
  useEffect(() => { document.documentElement.dataset.theme = look }, [look])
  return [look, next => { keep(THEME, next); set(next) }]
}

export function App() {
  const [lang, setShown] = useState<Lang>(currentLang())
  const [look, setLook] = useLook()
  const changeLang = (next: Lang) => { setLang(next); setShown(next) }
  return (
    <ConfigProvider
      csp={nonce ? { nonce } : undefined}
      locale={lang === 'zh' ? zhCN : enUS}
      button={{ autoInsertSpace: false }}
      theme={{
        algorithm: look === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm,
        token: {
          motion: !matchMedia('(prefers-reduced-motion: reduce)').matches,
          colorPrimary: look === 'dark' ? '#3c89e8' : '#0958d9',
          colorPrimaryHover: look === 'dark' ? '#2b66b3' : '#0a4bb5', /* white stays readable on it */
          colorLink: look === 'dark' ? '#7ab3ff' : '#0950b8',
          colorLinkHover: look === 'dark' ? '#a3c9ff' : '#073d8c',
          colorError: look === 'dark' ? '#ff8a84' : '#c41420',
          colorTextPlaceholder: look === 'dark' ? '#a6a6a6' : '#6b6b6b',
          colorTextDescription: look === 'dark' ? '#b4b4b4' : '#595959',
          fontFamily: 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Zen Hei", sans-serif',
        },
      }}
    >
      <Ant component={false}>
        <Boundary><Gate lang={lang} look={look} onLang={changeLang} onLook={setLook} /></Boundary>
        <OtherSession />
      </Ant>
    </ConfigProvider>
  )
}

export interface Looks { lang: Lang; look: Look; onLang: (next: Lang) => void; onLook: (next: Look) => void }

/** Nobody may go on without a session; one that ends meanwhile is renewed over the page, which stays as it is. */
function Gate(looks: Looks) {
  const place = usePlace()
  const [session, setSession] = useState<Session | null | undefined>(undefined)
  const [error, setError] = useState<unknown>(null)
  const [isOver, setOver] = useState(false)
  const resume = useRef<(() => void) | null>(null)
  /* who comes by a code has a session of his own making */
  const Alone = place.page === 'view' ? View : place.page === 'phone' ? Phone : null
  const isView = Alone !== null

  const look = useCallback(() => {
    setError(null)
    findSession().then(setSession, setError)
  }, [])
  useEffect(() => { if (!isView) look() }, [isView, look])

  useEffect(() => {
    onLoginNeeded(session ? () => new Promise(resolve => { resume.current = resolve; setOver(true) }) : null)
    return () => onLoginNeeded(null)
  }, [session])

  const who = useMemo(() => session && { session, may: (permission: string) => session.user.permissions.includes(permission) }, [session])

  if (Alone) return <Suspense fallback={<Wait />}><Alone /></Suspense>
  if (error) return <div className="broken"><Failure error={error} onRetry={look} /></div>
  if (session === undefined) return <Wait />
  if (!who) return <Login {...looks} onDone={got => { setSession(got); if (place.page === 'login' || !place.page) go('/home', 'replace') }} />
  if (who.session.user.must_change) return <MustChange session={who.session} onDone={look} />
  return (
    <WhoContext.Provider value={who}>
      <Shell {...looks} onLeave={() => { setSession(null); go('/login' + query({ domain: who.session.tenant?.domain }), 'replace') }}>
        <Boundary key={place.page}><Suspense fallback={<Wait />}><Shown page={place.page} /></Suspense></Boundary>
      </Shell>
      <LoginOver
        open={isOver} was={who.session}
        onDone={got => {
          if (got.user.user_id !== who.session.user.user_id) { location.reload(); return }
          setOver(false)
          resume.current?.()
          setSession(got)
        }}
      />
    </WhoContext.Provider>
  )
}

function Shown({ page }: { page: string }) {
  useEffect(() => { if (page === '' || page === 'login') go('/home', 'replace') }, [page])
  if (page === '' || page === 'login') return null
  const Found = pages[page]
  return Found ? <Found /> : (
    <Page title={say('没有这个页面', 'There is no such page')}>
      <p role="alert">{say('地址可能有误，或页面已改名。', 'The address may be wrong, or the page has another name by now.')}</p>
      <p><Link to="/home">{say('回到首页', 'Back to the home page')}</Link></p>
    </Page>
  )
}

export function Wait() {
  return <div className="empty" role="status">{say('正在加载…', 'Loading…')}</div>
}
