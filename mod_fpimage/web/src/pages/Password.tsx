/** Another password: when one wants it, and at the first sign-in, where nothing else can be done before. */
import { App, Button, Form, Input } from 'antd'
import type { Session } from '../api/types'
import { Failure } from '../parts/Failure'
import { Page } from '../parts/Page'
import { useAct, useTitle } from '../parts/use'
import { changePassword } from '../session'
import { say } from '../words'

interface Typed { old: string; next: string; again: string }

const RULES: { test: (text: string) => boolean; zh: string; en: string }[] = [
  { test: text => [...text].length >= 8 && [...text].length <= 20, zh: '8 到 20 个字符', en: '8 to 20 characters' },
  { test: text => /[A-Z]/.test(text), zh: '大写字母', en: 'an upper-case letter' },
  { test: text => /[a-z]/.test(text), zh: '小写字母', en: 'a lower-case letter' },
  { test: text => /[0-9]/.test(text), zh: '数字', en: 'a digit' },
  { test: text => /[!-/:-@[-`{-~]/.test(text), zh: '特殊字符（如 # @ _）', en: 'a special character (such as # @ _)' },
  { test: text => text !== '' && !/[\0- \x7f]/.test(text), zh: '不含空格', en: 'no blanks' },
]

function PasswordForm({ onDone }: { onDone: () => void }) {
  const [form] = Form.useForm<Typed>()
  const act = useAct()
  const next = Form.useWatch('next', form) ?? ''
  const send = async (typed: Typed) => {
    if (await act.run(async () => { await changePassword(typed.old, typed.next); return true })) { form.resetFields(); onDone() }
  }
  return (
    <Form<Typed> form={form} layout="vertical" requiredMark={false} onFinish={send}>
      <Failure error={act.error} />
      <Form.Item name="old" label={say('当前密码', 'Present password')} rules={[{ required: true, message: say('请输入当前密码', 'Type the present password') }]}>
        <Input.Password autoComplete="current-password" />
      </Form.Item>
      <Form.Item name="next" label={say('新密码', 'New password')} rules={[{ validator: (_, text: string) => RULES.every(one => one.test(text ?? '')) ? Promise.resolve() : Promise.reject(new Error(say('不符合下列要求', 'It does not meet the rules below'))) }]}>
        <Input.Password autoComplete="new-password" aria-describedby="password-rules" />
      </Form.Item>
      <ul id="password-rules" className="rules">
        {RULES.map(one => <li key={one.en} className={one.test(next) ? 'met' : undefined}>{one.test(next) ? '✓' : '○'} {say(one.zh, one.en)}</li>)}
      </ul>
      <Form.Item name="again" label={say('再次输入新密码', 'New password again')} dependencies={['next']}
                 rules={[({ getFieldValue }) => ({ validator: (_, text) => text && text === getFieldValue('next') ? Promise.resolve() : Promise.reject(new Error(say('两次输入不一致', 'The two are not the same'))) })]}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Button type="primary" htmlType="submit" loading={act.isBusy}>{say('保存新密码', 'Save the new password')}</Button>
    </Form>
  )
}

export function MustChange({ session, onDone }: { session: Session; onDone: () => void }) {
  useTitle(say('设置新密码 · 发票云影像', 'Set a new password · Invoice imaging'))
  return (
    <main className="login">
      <div className="login-box">
        <div className="login-head"><h1>{say('请先设置新密码', 'Set a new password first')}</h1></div>
        <p>{say(`${session.user.name}，您正在使用一次性密码，设置新密码后即可继续。`, `${session.user.name}, you signed in with a one-time password. Set your own to go on.`)}</p>
        <PasswordForm onDone={onDone} />
      </div>
    </main>
  )
}

export default function Account() {
  const { message } = App.useApp()
  return (
    <Page title={say('修改密码', 'Change password')}>
      <div className="narrow"><PasswordForm onDone={() => message.success(say('密码已修改', 'The password is changed'))} /></div>
    </Page>
  )
}
