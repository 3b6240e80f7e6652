(ns app.token
  (:require [buddy.sign.jwt :as jwt]))

(def secret (System/getenv "JWT_SECRET"))

(defn token-for [user]
  (jwt/sign {:sub (:id user)
             :exp (+ (System/currentTimeMillis) 900000)} ;; want numericdate-millis
            secret {:alg :hs256}))
