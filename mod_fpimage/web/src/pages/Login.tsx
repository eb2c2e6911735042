/** Signing in: as a page of its own, and over a page whose session has ended. */
import { Alert, Button, Form, Input, Modal } from 'antd'
import { useEffect, useState } from 'react'
import type { Looks } from '../App'
import type { Session } from '../api/types'
import { Failure } from '../parts/Failure'
import { useAct, useLoad, useTitle } from '../parts/use'
import { setParams, usePlace } from '../router'
import { DOMAIN, domainOf, findTenant, signIn } from '../session'
import { LookButtons } from '../Shell'
import { keep, say } from '../words'

interface Typed { login: string; password: string; domain?: string }

/** Whose page it is, or that nobody has this domain: before a password is typed in vain. */
function TenantLine({ domain, onName }: { domain: string; onName: (name: string | null) => void }) {
  const load = useLoad(() => findTenant(domain), [domain])
  const name = load.data?.name ?? null
  useEffect(() => onName(name), [name, onName])
  if (load.isLoading && !load.data) return <p className="hint" role="status">{say('正在查找租户…', 'Looking for the tenant…')}</p>
  if (load.error) return <Failure error={load.error} onRetry={load.again} />
  return name ? <p className="tenant">{name}</p> : (
    <Alert type="error" showIcon role="alert" className="failure" title={say(`没有标识为“${domain}”的租户`, `There is no tenant “${domain}”`)}
           description={say('请核对登录地址，或更正下面的租户标识；仍不清楚时请向影像系统管理员索取登录地址。', 'Check the address, or correct the tenant below; the imaging administrator knows the right one.')} />
  )
}

function LoginForm({ login, domain, onDone, showDomain, onDomain }: { login?: string; domain: string; onDone: (session: Session) => void; showDomain?: boolean; onDomain?: (domain: string) => void }) {
  const act = useAct()
  const [form] = Form.useForm<Typed>()
  const send = async (typed: Typed) => {
    const said = (typed.domain ?? domain).trim()
    const session = await act.run(() => signIn(typed.login.trim(), typed.password, said))
    if (!session) { form.setFieldValue('password', ''); return }
    keep(DOMAIN, said || null)
    onDone(session)
  }
  return (
    <Form<Typed> form={form} layout="vertical" requiredMark={false} onFinish={send} initialValues={{ login, domain }}>
      <Failure error={act.error} />
      {showDomain && (
        <Form.Item name="domain" label={say('租户标识（单租户可不填）', 'Tenant (empty when there is only one)')}>
          <Input autoComplete="organization" maxLength={100} onBlur={event => onDomain?.(event.target.value.trim())} />
        </Form.Item>
      )}
      <Form.Item name="login" label={say('手机号或账号', 'Mobile or account')} rules={[{ required: true, message: say('请输入手机号或账号', 'Type your mobile or account') }]}>
        <Input autoComplete="username" autoFocus={!login} maxLength={200} readOnly={!!login} />
      </Form.Item>
      <Form.Item name="password" label={say('密码', 'Password')} rules={[{ required: true, message: say('请输入密码', 'Type your password') }]}>
        <Input.Password autoComplete="current-password" autoFocus={!!login} maxLength={200} />
      </Form.Item>
      <Button type="primary" htmlType="submit" block size="large" loading={act.isBusy}>{say('登录', 'Sign in')}</Button>
    </Form>
  )
}

export function Login({ onDone, ...looks }: Looks & { onDone: (session: Session) => void }) {
  const place = usePlace()
  const [domain, setDomain] = useState(() => domainOf(place))
  const [isAsked, setAsked] = useState(!!domain)
  const [name, setName] = useState<string | null>(null)
  useTitle(name && domain ? say(`登录 · ${name}`, `Sign in · ${name}`) : say('登录 · 发票云影像', 'Sign in · Invoice imaging'))
  /* a load of this page again, and a link to it, stay with the tenant */
  const choose = (next: string) => { setDomain(next); if (place.page === 'login') setParams({ domain: next || undefined }) }
  return (
    <main className="login">
      <div className="login-box">
        <div className="login-head"><img src="/imgsys-web/icon.svg" alt="" width="40" height="40" /><h1>{say('发票云影像', 'Invoice imaging')}</h1></div>
        {domain && <TenantLine domain={domain} onName={setName} />}
        <LoginForm domain={domain} onDone={onDone} showDomain={isAsked} onDomain={choose} />
        <div className="login-foot">
          {!isAsked && <Button type="text" onClick={() => setAsked(true)}>{say('选择租户', 'Another tenant')}</Button>}
          <LookButtons {...looks} />
        </div>
        <p className="hint">{say('忘记密码或账号被锁定时，请联系影像系统管理员重置或解锁。', 'Forgot the password, or locked? The imaging administrator can reset and unlock.')}</p>
      </div>
    </main>
  )
}

export function LoginOver({ open, was, onDone }: { open: boolean; was: Session; onDone: (session: Session) => void }) {
  return (
    <Modal open={open} closable={false} footer={null} keyboard={false} afterOpenChange={isOpen => { if (isOpen) document.querySelector<HTMLElement>('.login-over input[type=password]')?.focus() }} className="login-over" mask={{ closable: false }} destroyOnHidden title={say('登录已过期', 'Your session has ended')}>
      <p>{say('请重新登录。页面上的内容和正在上传的文件都保留着，登录后自动继续。', 'Sign in again. What is on the page and what is being uploaded is kept, and goes on afterwards.')}</p>
      <LoginForm login={was.user.login ?? was.user.mobile ?? was.user.name} domain={was.tenant?.domain ?? ''} onDone={onDone} />
    </Modal>
  )
}
