(ns app.token
  (:require [buddy.sign.jwt :as jwt]
            [taoensso.timbre :as log]))

(def secret (System/getenv "JWT_SECRET"))

(defn token-for [user]
  (log/info "token issued" (:id user))
  (jwt/sign {:sub (:id user)
             :exp (+ (quot (System/currentTimeMillis) 1000) 900)}
            secret {:alg :hs256}))
