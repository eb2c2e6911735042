-- What mod_fpimage does with tokens, by the means of nginx's Lua module: the caller's token is checked by its
-- HMAC, the cloud's is fetched with an MD5 sign, kept in a shared dictionary, and put into its place.
local signing = {}
local client, secret, key
local tokens = ngx.shared.tokens

function signing.setup(options)
    client, secret, key = options.client, options.secret, options.key
end

-- "client.expires.hmac"
function signing.issue(now)
    local text = client .. "." .. (now + 129600)
    return text .. "." .. ngx.encode_base64(ngx.hmac_sha1(key, text), true):gsub("[+/]", "-")
end

local function is_ours(token)
    local text, expires, mac = token:match("^([^.]+%.(%d+))%.([^.]+)$")
    return text and tonumber(expires) > ngx.time()
        and mac == ngx.encode_base64(ngx.hmac_sha1(key, text), true):gsub("[+/]", "-")
end

local function fetch()
    local now = ngx.time() * 1000
    local body = string.format('{"client_id":"%s","timestamp":%.0f,"sign":"%s"}', client, now,
                               ngx.md5(client .. secret .. string.format("%.0f", now)))
    local answer = ngx.location.capture("/fetch-token", { method = ngx.HTTP_POST, body = body })
    local token = answer.status == 200 and answer.body:match('"access_token":"([^"]+)"')
    local life = token and tonumber(answer.body:match('"expires_in":(%d+)'))
    if not life then
        return nil
    end
    tokens:set(client, token, life * 0.8)
    return token
end

function signing.pass()
    local args = ngx.var.args or ""
    local ours = ngx.var.arg_access_token
    if not ours or not is_ours(ours) then
        return ngx.exit(401)
    end
    local token = tokens:get(client) or fetch()
    if not token then
        return ngx.exit(502)
    end
    local from, to = args:find(ours, 1, true)
    ngx.var.args = args:sub(1, from - 1) .. token .. args:sub(to + 1)
end

function signing.see()
    if ngx.status == 401 then
        tokens:delete(client)
    end
end

return signing
