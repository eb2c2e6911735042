/** The frame round every page: menu by permissions, language, light and dark, who is signed in. */
import { App, Button, Dropdown } from 'antd'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { ApiError } from './api/client'
import type { Looks } from './App'
import { menuFor } from './menu'
import { hasPage } from './pages'
import { UploadLine } from './parts/UploadLine'
import { go, Link, usePlace } from './router'
import { signOut, useWho } from './session'
import { say } from './words'

function Menu({ onGone }: { onGone: () => void }) {
  const { session } = useWho()
  const { page } = usePlace()
  return (
    <nav className="menu" id="menu" aria-label={say('主菜单', 'Main menu')}>
      {menuFor(session.user.permissions, hasPage).map(group => (
        <div key={group.key} className="menu-group">
          <h2>{group.title()}</h2>
          <ul>
            {group.entries.map(one => (
              <li key={one.page}><Link to={'/' + one.page} aria-current={page === one.page ? 'page' : undefined} onClick={onGone}>{one.title()}</Link></li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  )
}

export function LookButtons({ lang, look, onLang, onLook }: Looks) {
  return (
    <>
      <Button type="text" onClick={() => onLang(lang === 'zh' ? 'en' : 'zh')} lang={lang === 'zh' ? 'en' : 'zh-CN'}>{lang === 'zh' ? 'English' : '中文'}</Button>
      <Button type="text" onClick={() => onLook(look === 'dark' ? 'light' : 'dark')}>{look === 'dark' ? say('浅色', 'Light') : say('深色', 'Dark')}</Button>
    </>
  )
}

export function Shell({ children, onLeave, ...looks }: Looks & { children: ReactNode; onLeave: () => void }) {
  const { session } = useWho()
  const { modal } = App.useApp()
  const { page } = usePlace()
  const [isOpen, setOpen] = useState(false)
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)

  useEffect(() => { /* who reads by ear hears the new page */
    if (first.current) { first.current = false; return }
    main.current?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }, [page])

  /* who walks away from a shared desk must not be told that he is signed out while he is not */
  const leave = async () => {
    try {
      await signOut()
    } catch (bad) {
      if (!(bad instanceof ApiError && bad.status === 401)) {
        modal.error({ title: say('未能退出登录', 'You are still signed in'), content: say('服务器没有收到退出请求。请检查网络后重试；离开前请确认已退出。', 'The server was not told. Check the network and sign out again before you leave.') })
        return
      }
    }
    onLeave()
  }
  return (
    <div className={isOpen ? 'shell open' : 'shell'}>
      <a className="skip" href="#main" onClick={event => { event.preventDefault(); main.current?.focus() }}>{say('跳到内容', 'Skip to content')}</a>
      <header className="bar">
        <button type="button" className="burger" aria-expanded={isOpen} aria-controls="menu" onClick={() => setOpen(!isOpen)}>
          <span aria-hidden="true">☰</span><span className="unseen">{say('菜单', 'Menu')}</span>
        </button>
        <Link to="/home" className="brand" aria-label={say('发票云影像', 'Invoice imaging')}><img src="/imgsys-web/icon.svg" alt="" width="24" height="24" /><span>{say('发票云影像', 'Invoice imaging')}</span></Link>
        {session.tenant?.domain && <span className="bar-tenant">{session.tenant.name}</span>}
        <div className="bar-end">
          <UploadLine />
          <LookButtons {...looks} />
          <Dropdown trigger={['click']} menu={{ items: [
            { key: 'password', label: say('修改密码', 'Change password'), onClick: () => go('/account') },
            { key: 'leave', label: say('退出登录', 'Sign out'), onClick: leave },
          ] }}>
            <Button type="text" className="who" aria-haspopup="menu">{session.user.name || session.user.login}</Button>
          </Dropdown>
        </div>
      </header>
      <Menu onGone={() => setOpen(false)} />
      <main id="main" ref={main} tabIndex={-1}>{children}</main>
    </div>
  )
}
